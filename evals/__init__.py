"""Measured quality: datasets, scores, reports, benchmarks."""
