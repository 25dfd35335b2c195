"""Evaluation in the shape that grand-challenge.org runs."""
