"""Rebuilds the paper's tables, from its values in `results/paper` or from one's own results."""
