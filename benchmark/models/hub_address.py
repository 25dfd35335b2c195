"""Names a model of a hub: `hf:OWNER/NAME`, or `hf:OWNER/NAME@REVISION`. Imports nothing of the hub's library."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.download.hub_repository import HubRepository, RepositoryKind, hub_endpoint
from mswal_bench.benchmark.data.download.release import looks_like_a_commit

SCHEME = "hf:"
FORM = f"{SCHEME}OWNER/NAME or {SCHEME}OWNER/NAME@REVISION"

# As the hub has them: https://huggingface.co/docs/huggingface_hub/package_reference/utilities#validators.
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?")
# What git refuses in the name of a branch or tag.
_NO_REVISION = re.compile(r"[\s~^:?*\[\\\x00-\x1f\x7f]|\.\.|@\{|^[/.-]|[/.]$|//|\.lock$")
_LONGEST_REVISION = 200


@dataclass(frozen=True)
class HubAddress:
    """Names a repository of the type model and, where one is asked for, its revision."""

    owner: str
    name: str
    revision: str | None = None
    """Is a commit, the beginning of its hash, a branch or a tag; None for the newest commit."""

    def __str__(self) -> str:
        return f"{SCHEME}{self.repository}" + ("" if self.revision is None else f"@{self.revision}")

    @property
    def repository(self) -> str:
        """Returns `OWNER/NAME`."""
        return f"{self.owner}/{self.name}"

    @property
    def commit(self) -> str | None:
        """Returns the revision where it is a commit's full hash, whose files never change; else None."""
        is_full = self.revision is not None and len(self.revision) == 40 and looks_like_a_commit(self.revision)
        return self.revision if is_full else None

    def at(self, commit: str) -> HubAddress:
        """Returns the address of one commit."""
        return replace(self, revision=commit)

    def page(self, endpoint: str | None = None) -> str:
        """Returns the link to what is named, at `endpoint`, `$HF_ENDPOINT` or huggingface.co."""
        place = HubRepository((endpoint or hub_endpoint()).rstrip("/"), self.repository, RepositoryKind.MODEL)
        return place.page if self.revision is None else place.page_at(self.revision)


def is_hub_address(text: str) -> bool:
    """Returns whether `text` is meant as an address, right or not. A file of such a name needs its absolute path."""
    return text.startswith(SCHEME)


def parse_hub_address(text: str) -> HubAddress:
    """Reads an address. Raises BenchError for text that is none."""
    repository, at, revision = text.removeprefix(SCHEME).partition("@")
    owner, _, name = repository.partition("/")
    what = ""
    if not is_hub_address(text):
        what = f"does not begin with {SCHEME}"
    elif not all(_PART.fullmatch(part) for part in (owner, name)):
        what = "the owner and the name are letters, digits, -, _ and . each, 96 at most"
    elif "--" in repository or ".." in repository or name.endswith(".git"):
        what = "a name of the hub has no -- or .. in it and does not end in .git"
    elif at and (not revision or len(revision) > _LONGEST_REVISION or _NO_REVISION.search(revision)):
        what = "is no commit, branch or tag behind the @"
    if what:
        raise BenchError(Problem(f"is no address of a model ({what})", text, FORM))
    return HubAddress(owner, name, revision or None)
