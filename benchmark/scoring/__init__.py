"""Scores prediction folders into a table, which is written in every format."""
