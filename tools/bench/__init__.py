"""Benchmarks: `python -m tools.bench NAME` prints JSON with medians."""
