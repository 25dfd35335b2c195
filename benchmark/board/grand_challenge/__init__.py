"""Evaluates submissions on grand-challenge.org, in a container around the same scoring code."""
