"""Holds what all other folders use: errors, findings, whole files, digests, progress, workers, the environment."""
