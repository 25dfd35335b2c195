"""Figures in the shape of the paper's."""
