"""Which cases train and which test: the fixed splits, and the folds within the training cases."""

from .folds import N_FOLDS, Fold, five_folds
from .split import Split, SplitError, load_split, read_split

__all__ = ["N_FOLDS", "Fold", "Split", "SplitError", "five_folds", "load_split", "read_split"]
