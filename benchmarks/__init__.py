"""Benchmarks: medians of many, one thread and all, with the peers beside us in the same run."""
