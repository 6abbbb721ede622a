"""Measurements; each bench_*.py runs alone as ``python -m benchmarks.bench_x``, or all together."""
