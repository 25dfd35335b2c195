"""From prediction folders to the score table, and the table in every format."""
