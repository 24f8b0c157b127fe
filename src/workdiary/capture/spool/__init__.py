"""The spool: what the tracker keeps on its own disk until the diary has answered for it."""
