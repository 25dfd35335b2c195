"""Describes a release, the files of one commit on the hub, and keeps it as `release.json` in the download's folder."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mswal_bench.benchmark.core.claims import PARTIAL
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import write_text

REPOSITORY = "zhaodongwu/MSWAL"
REVISION = "62c286b0"
"""The commit everybody works on, by the beginning of its hash."""
RECORD = "release.json"

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_BLOCK = 1 << 20
_LONGEST_NAME = 200
"""Bytes of a file name; leaves room for the name of its part within the 255 that file systems take."""


class ReleaseFile(BaseModel):
    """Describes one file as the hub lists it."""

    model_config = ConfigDict(frozen=True)

    path: str
    """In the repository and in the folder, with `/`."""
    size: int = Field(ge=0)
    """Bytes."""
    algorithm: Literal["sha256", "git-sha1"]
    """What the hub knows of a file: the SHA-256 of a large one, the hash of git's blob of a small one."""
    digest: str
    """Hexadecimal."""

    @property
    def is_image(self) -> bool:
        """Returns whether it lies in `imagesTr` or `imagesTs`."""
        return any(part.startswith("images") for part in PurePosixPath(self.path).parts[:-1])

    def at(self, folder: Path) -> Path:
        """Returns the path of the whole file in `folder`."""
        return folder / self.path

    def part_at(self, folder: Path) -> Path:
        """Returns the path where the file grows. Its name holds the digest, so other content is never continued."""
        whole = self.at(folder)
        return whole.with_name(f"{PARTIAL}{self.digest[:16]}-{whole.name}")

    def digest_of(self, path: Path, seen: Callable[[int], None]) -> str:
        """Returns the digest of `path` in the file's algorithm. `seen` is called with the bytes of every block read."""
        digest = hashlib.sha256() if self.algorithm == "sha256" else hashlib.sha1(usedforsecurity=False)
        if self.algorithm == "git-sha1":
            digest.update(b"blob %d\0" % path.stat().st_size)
        with path.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
                seen(len(block))
        return digest.hexdigest()


class Release(BaseModel):
    """Lists all files of one commit, except hidden ones such as `.gitattributes`."""

    model_config = ConfigDict(frozen=True)

    repository: str
    commit: str
    """The full hash."""
    listed_at: datetime
    files: tuple[ReleaseFile, ...]

    def is_named_by(self, revision: str) -> bool:
        """Returns whether `revision` is the commit's hash or its beginning; a branch's name is not, for it moves."""
        return looks_like_a_commit(revision) and self.commit.startswith(revision)


def looks_like_a_commit(revision: str) -> bool:
    """Returns whether `revision` has 7 to 40 hexadecimal digits."""
    return _COMMIT.fullmatch(revision) is not None


def name_problems(paths: Sequence[str]) -> list[Problem]:
    """Returns what is wrong with the names in a listing: a file outside the folder, over another, or over our own."""
    problems = []
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    often = Counter(paths)
    for path in often:
        parts = path.split("/")
        if path.startswith("/") or any(part in {"", ".", ".."} for part in parts):
            what = "is not a name inside a folder"
        elif "\\" in path or not path.isprintable() or any(len(part.encode()) > _LONGEST_NAME for part in parts):
            what = "is a name this program does not write"
        elif path == RECORD:
            what = "is the name of the record of a download"
        elif often[path] > 1:
            what = "is listed twice"
        elif path in folders:
            what = "is listed as a file and as a folder"
        else:
            continue
        problems.append(Problem(f"a listed file {what}, so nothing is taken from this source", repr(path)))
    return problems


def read_release(folder: Path) -> Release | None:
    """Reads which release `folder` is a download of; None without a record. Raises BenchError for a damaged one."""
    path = folder / RECORD
    try:
        release = Release.model_validate_json(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        raise BenchError(
            Problem("the record of the download cannot be read", str(path), mend="Delete it, and give a new folder.")
        ) from error
    raise_if_any(name_problems([file.path for file in release.files]))
    return release


def write_release(folder: Path, release: Release) -> None:
    """Writes `release.json`, which marks `folder` as a download."""
    write_text(folder / RECORD, release.model_dump_json(indent=1) + "\n")
