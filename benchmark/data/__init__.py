"""Knows the data set: where its cases are, its classes, and the protocol that scores them."""
