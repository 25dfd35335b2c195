"""Holds the methods that the benchmark trains and predicts with, each behind the same adapter."""
