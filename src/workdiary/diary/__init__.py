"""The record: a diary is an append-only journal of entries, and the page that you see is computed from it."""
