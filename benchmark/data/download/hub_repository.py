"""Names a repository of a hub, and its pages. Imports nothing of the hub's library."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum

DEFAULT_ENDPOINT = "https://huggingface.co"


def hub_endpoint() -> str:
    """Returns the address of the hub that is meant: `$HF_ENDPOINT`, or huggingface.co."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


class RepositoryKind(Enum):
    """Tells data sets from models. The values are the hub's own words."""

    DATA_SET = "dataset"
    MODEL = "model"

    @property
    def word(self) -> str:
        """Names it in a sentence."""
        return "data set" if self is RepositoryKind.DATA_SET else "model"

    @property
    def how_to_choose_a_revision(self) -> str:
        """Ends the sentence `Choose one of PAGE ...`."""
        return "with --revision" if self is RepositoryKind.DATA_SET else "and name it behind an @"


@dataclass(frozen=True)
class HubRepository:
    """Is where files lie: a data set or a model of a hub."""

    endpoint: str
    """Is the hub's address, without a slash at its end."""
    name: str
    """Is `OWNER/NAME`."""
    kind: RepositoryKind

    @property
    def page(self) -> str:
        """Returns the address of its page, where its terms are."""
        return f"{self.endpoint}/{'datasets/' if self.kind is RepositoryKind.DATA_SET else ''}{self.name}"

    def page_at(self, commit: str) -> str:
        """Returns the address of the files of one commit."""
        return f"{self.page}/tree/{commit}"
