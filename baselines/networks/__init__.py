"""Holds the networks that were written for this benchmark, as plain torch modules."""
