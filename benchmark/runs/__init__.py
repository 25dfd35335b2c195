"""Runs of a method: the steps, the work folder, the record."""
