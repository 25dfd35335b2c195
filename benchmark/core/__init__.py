"""Holds what everything stands on: errors, findings, whole files, digests, progress, workers, the environment."""
