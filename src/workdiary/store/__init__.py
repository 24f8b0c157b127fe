"""Journals that last: in memory (the port in code), in SQLite and PostgreSQL, and the files of snapshots."""
