"""Evaluated submissions: the records that are ranked and published, and how they come to be."""
