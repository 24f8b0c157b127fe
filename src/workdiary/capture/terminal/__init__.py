"""The tracker's interface in a terminal: what it shows, what it asks, and what it knows of a diary."""
