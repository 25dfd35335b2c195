"""Fixes which cases train and which test, and the folds within the training cases."""

from .folds import N_FOLDS, Fold, five_folds
from .split import SPLIT_FILE, Split, SplitError, load_split, read_split

__all__ = ["N_FOLDS", "SPLIT_FILE", "Fold", "Split", "SplitError", "five_folds", "load_split", "read_split"]
