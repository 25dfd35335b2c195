"""Keeps model bundles of hubs on this machine, by repository and commit.

A commit's folder holds the bundle and `release.json`, the hub's listing. `checked.json` says which bytes were found to
be as listed; while the file has the same size and time of change, it is not read again to be sure.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, ValidationError

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.data.download.disk_room import in_bytes
from mswal_bench.benchmark.data.download.release import Release, ReleaseFile, read_release

from .bundle import ENDING, MOST_BYTES
from .hub_address import HubAddress

_CHECKED = "checked.json"


@dataclass(frozen=True)
class Fetched:
    """Describes a bundle that lies on this machine as the hub lists it."""

    path: Path
    address: HubAddress
    """Has the full hash of the commit as its revision, whatever was asked for."""
    sha256: str
    """Is the digest of the file, as `sha256:...`."""

    @property
    def commit(self) -> str:
        """Returns the full hash."""
        return self.address.revision or ""


class _Checked(BaseModel):
    """The file that was last found to be as listed."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int
    changed_ns: int
    sha256: str


def model_cache() -> Path:
    """Returns the folder of bundles from a hub: that of the hub's library for what others keep, in `$HF_HOME`."""
    from huggingface_hub import constants

    return Path(constants.HF_ASSETS_CACHE) / "mswal-bench" / "models"


def commit_folder(cache: Path, address: HubAddress, commit: str) -> Path:
    """Returns where the bundle of a commit lies, or would."""
    return cache / f"{address.owner}--{address.name}" / commit


def commits_in_cache(cache: Path, address: HubAddress) -> list[str]:
    """Returns the commits of a repository whose bundles are there, sorted."""
    checked = commit_folder(cache, address, "").glob(f"*/{_CHECKED}")
    return sorted(each.parent.name for each in checked if address.at(each.parent.name).commit is not None)


def bundle_of(release: Release, where: str) -> ReleaseFile:
    """Returns the one bundle of a revision. Raises BenchError where there is none, or several, or a huge one."""
    bundles = [file for file in release.files if PurePosixPath(file.path).suffix == ENDING]
    if len(bundles) != 1:
        what = "holds several model bundles" if bundles else "holds no model bundle"
        found = listed([file.path for file in bundles])
        raise BenchError(Problem(what, where, f"one file *{ENDING}", found))
    if bundles[0].size > MOST_BYTES:
        limit, size = in_bytes(MOST_BYTES), in_bytes(bundles[0].size)
        raise BenchError(
            Problem("is too large for a model bundle", f"{where}: {bundles[0].path}", f"{limit} at most", size)
        )
    return bundles[0]


def in_cache(place: Path, address: HubAddress) -> Fetched | None:
    """Returns the bundle of a commit's folder where it is there and as listed; None where it must be fetched.

    `address` names the commit. Raises BenchError where the file is there and cannot be read.
    """
    bundle = _listed_bundle(place, address)
    if bundle is None:
        return None
    path = bundle.at(place)
    try:
        state = path.stat()
        checked = _read_checked(place)
        known = (checked.path, checked.size, checked.changed_ns) if checked else None
        if checked is not None and known == (bundle.path, state.st_size, state.st_mtime_ns):
            return Fetched(path, address, checked.sha256)
        if state.st_size != bundle.size or bundle.digest_of(path, lambda _: None) != bundle.digest:
            return None
        return note_checked(place, bundle, address)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BenchError(Problem(f"cannot be read ({error.strerror})", str(path))) from error


def note_checked(place: Path, bundle: ReleaseFile, address: HubAddress) -> Fetched:
    """Returns the bundle that was just found to be as listed, and notes that, unless the cache cannot be written to."""
    path = bundle.at(place)
    # A small file has a digest of git's, SHA-1, which is not enough to name it by.
    sha256 = f"sha256:{bundle.digest}" if bundle.algorithm == "sha256" else file_digest(path)
    state = path.stat()
    checked = _Checked(path=bundle.path, size=state.st_size, changed_ns=state.st_mtime_ns, sha256=sha256)
    with suppress(OSError):
        write_text(place / _CHECKED, checked.model_dump_json(indent=1) + "\n")
    return Fetched(path, address, sha256)


def _listed_bundle(place: Path, address: HubAddress) -> ReleaseFile | None:
    try:
        release = read_release(place)
    except BenchError:
        # It is written anew.
        return None
    if release is None or (release.repository, release.commit) != (address.repository, address.revision):
        return None
    return bundle_of(release, str(place))


def _read_checked(place: Path) -> _Checked | None:
    try:
        return _Checked.model_validate_json((place / _CHECKED).read_bytes())
    except (OSError, ValidationError):
        return None
