"""Holds the commands that run methods and list their runs."""
