"""Holds the commands that draw the paper's tables and figures."""
