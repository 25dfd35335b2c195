"""Predicts any images with a trained method."""
