"""Defines `Portable`: how a trained method is taken out of a work folder, and used without one. Needs no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .method import Budget

if TYPE_CHECKING:
    from torch import Tensor

Documents = Mapping[str, Mapping[str, Any]]
"""Plain values that JSON can hold, by the name of the document: letters alone."""


class Portable(ABC):
    """A trained method as weights and documents. Together they are all that prediction needs beside the code.

    Those that come from elsewhere are a stranger's: what is not this method's own is refused, and nothing that they
    name is looked up.
    """

    @abstractmethod
    def documents(self, work: Path, folds: Sequence[int], budget: Budget) -> Documents:
        """What the folder `work` says of its data and its network. Raises MethodError where it is not trained."""

    @abstractmethod
    def weights(self, work: Path, fold: int) -> Mapping[str, Tensor]:
        """The network of a fold that is trained to its end: each tensor under one name. Values are read when used."""

    @abstractmethod
    def faults(self, documents: Documents, budget: Budget | None) -> list[str]:
        """Why the documents are not such as this method wrote under `budget`, half a sentence each; empty if they are.

        Without a budget, why no training of this method can have written them. Needs no torch, and bounded memory.
        """

    @abstractmethod
    def lay_out(self, documents: Documents, work: Path) -> None:
        """Makes the new folder `work` one from which `Method.predict` predicts with `Job.weights`.

        The documents are without faults.
        """

    @abstractmethod
    def shapes(self, work: Path) -> Mapping[str, tuple[int, ...]]:
        """The shape of every tensor of the network that a laid out folder plans, by the names of `weights`.

        Takes memory for the names alone where the network's size is the documents'. Imports torch.
        """
