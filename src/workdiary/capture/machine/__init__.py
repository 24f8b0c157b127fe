"""The machine behind small ports: clocks, inputs, screens and cameras, each with what this system has."""
