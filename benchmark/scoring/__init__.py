"""Scores prediction folders, keeps the scores, and draws their table in every format."""
