"""Runs nnU-Net v1, the package `nnunet`, in a process of its own with our folds, checkpoints and progress."""
