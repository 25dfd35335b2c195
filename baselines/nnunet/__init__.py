"""Runs nnU-Net v2 as a library, for all methods that are built on it."""
