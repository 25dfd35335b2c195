"""Defines `Split`: which cases train and which test, with a digest by which scores of the same split are known."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

SPLIT_FILE = "split.json"
"""Is the file's name in the folder of a data set."""
_NAMED = ("kits", "lits", "phantom")


class SplitError(ValueError):
    """Is raised for a split that cannot be used; its message says why."""


@dataclass(frozen=True)
class Split:
    """Holds the ids of training and test cases, each sorted; no case is in both.

    Raises SplitError for a case given twice.
    """

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        counts = Counter((*self.train, *self.test))
        repeated = sorted(case for case, count in counts.items() if count > 1)
        if repeated:
            raise SplitError(f"split {self.name!r} holds a case more than once: {', '.join(repeated[:5])}")
        object.__setattr__(self, "train", tuple(sorted(self.train)))
        object.__setattr__(self, "test", tuple(sorted(self.test)))

    @property
    def digest(self) -> str:
        """Returns the SHA-256 of the ids of both parts, without the name, as `sha256:...`."""
        content = json.dumps({"train": self.train, "test": self.test}, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(content.encode()).hexdigest()

    def subset(self, cases: Iterable[str]) -> Split:
        """Returns the split of `cases` alone. Raises SplitError for a case that this split does not have."""
        wanted = set(cases)
        unknown = sorted(wanted.difference(self.train, self.test))
        if unknown:
            raise SplitError(f"split {self.name!r} has no case {', '.join(unknown[:5])}")
        return Split(
            self.name,
            tuple(case for case in self.train if case in wanted),
            tuple(case for case in self.test if case in wanted),
        )


def load_split(name: str) -> Split:
    """Loads one of the splits that this package fixes: `kits`, `lits` or `phantom`. Raises SplitError for others."""
    if name not in _NAMED:
        raise SplitError(f"no split is called {name!r}; there are: {', '.join(_NAMED)}")
    return _parse(resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8"), name)


def read_split(path: Path) -> Split:
    """Reads a split from a JSON file `{"name": ..., "train": [ids], "test": [ids]}`.

    Raises SplitError for anything else, and when the file has a `digest` that its ids do not have: somebody has changed
    them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SplitError(f"{path}: cannot be read: {error}") from error
    return _parse(text, str(path))


def _parse(text: str, source: str) -> Split:
    try:
        content: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise SplitError(f"{source}: is not JSON: {error}") from error
    if not isinstance(content, dict) or not {"name", "train", "test"} <= content.keys():
        raise SplitError(f'{source}: expected an object with "name", "train" and "test"')
    for part in ("train", "test"):
        if not isinstance(content[part], list) or not all(isinstance(case, str) for case in content[part]):
            raise SplitError(f'{source}: expected "{part}" to be a list of case ids')
    split = Split(str(content["name"]), tuple(content["train"]), tuple(content["test"]))
    if content.get("digest", split.digest) != split.digest:
        raise SplitError(f"{source}: the digest is not that of the cases: expected {split.digest}")
    return split
