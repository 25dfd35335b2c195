"""The methods the benchmark trains and predicts with, each behind the same adapter."""
