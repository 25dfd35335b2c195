"""Evaluates on grand-challenge.org: the container's entry point, around the same scoring code."""
