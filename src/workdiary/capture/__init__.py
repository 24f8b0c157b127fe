"""The tracker: `tracker.py` is a pure state machine, and everything else here is what it is put between."""
