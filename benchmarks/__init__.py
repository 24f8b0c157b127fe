"""Speed, as ratios within one run: `python -m benchmarks` and `python -m benchmarks.compare`."""
