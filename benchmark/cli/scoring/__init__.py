"""Holds the commands that score prediction folders."""
