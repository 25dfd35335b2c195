"""Runs a method: its steps, the work folder, the record."""
