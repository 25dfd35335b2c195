"""Evaluates submissions, and keeps the records that are ranked and published."""
