"""Holds the commands about submissions, their records and the board."""
