"""Draws pictures of cases: figures in the shape of the paper's, and the report page."""
