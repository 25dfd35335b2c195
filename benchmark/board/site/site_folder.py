"""Replaces the files of a site one by one, so that at every moment the site opens, and replaces nothing else.

New and changed files are first written to a hidden folder in the site, so that a full disk or a failure costs nothing.
Then they are renamed into their places, the front page last, and what the new site lacks is removed. Meanwhile the
listing names the files of both, by which the next call knows the folder for a board, wherever this one was stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath

from mswal_bench.benchmark.core.claims import HeldError, beside, claim, held, is_claim
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.litter import is_seen_below
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import naming, write_text

FRONT_PAGE = "index.html"
LISTING = "board.json"
"""Lists every other file of a site with its digest. By it a folder is known to be a board."""
_LEAVING = "leaving"
"""In it, while a site is replaced, the files of the old one that the new one lacks."""
_LOCK = ".building"


def replace_site(site: Path, files: Iterable[tuple[str, bytes]], version: str) -> None:
    """Makes `files`, POSIX path and content, the whole content of the folder `site`, beside the listing.

    They are taken one at a time. A board that is there is replaced; files that stay the same are not written again.
    Raises BenchError where the folder holds anything that is not of a board, where another process builds there, and
    where it cannot be written. It is as it was then, and so it is where `files` raises.
    """
    check_site(site)
    # Of a link its target is replaced, not the link.
    site = site.resolve()
    made = [each for each in (site, *site.parents) if not each.exists()]
    try:
        with ExitStack() as stack:
            with _written(site):
                site.mkdir(parents=True, exist_ok=True)
                stack.enter_context(held(site / _LOCK))
                new = beside(stack.enter_context(claim(site)))
                new.mkdir()
            digests = _staged(site, new, files)
            with _written(site):
                _put(site, new, digests, version)
    finally:
        # Where nothing came of it.
        with suppress(OSError):
            for folder in made:
                folder.rmdir()


def check_site(site: Path) -> None:
    """Raises BenchError unless `site` may be replaced: it is not there, is empty, or is a board and nothing else."""
    if not os.path.lexists(site):
        return
    mend = "Give another folder, or empty this one."
    if not site.is_dir():
        raise BenchError(Problem("is not a folder", str(site), mend="Give another one."))
    there = _files_in(site)
    if not there:
        return
    if LISTING not in there:
        raise BenchError(Problem("is not a board and not empty", str(site), found=listed(sorted(there)), mend=mend))
    try:
        known = _listed(site)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(Problem("is not the listing of a board", str(site / LISTING), mend=mend)) from error
    strange = sorted(there - known - {LISTING})
    if strange:
        mend = "Move them away: building replaces the whole folder."
        raise BenchError(Problem("holds files that are not the board's", str(site), found=listed(strange), mend=mend))


def refuse_in_a_site(path: Path) -> None:
    """Raises BenchError for a file that would lie in a site, which is published."""
    for folder in path.resolve().parents:
        if (folder / LISTING).is_file():
            what = f"would lie in the site {folder}, which is published"
            raise BenchError(Problem(what, str(path), mend="Take a place outside of it."))


@contextmanager
def _written(site: Path) -> Iterator[None]:
    try:
        with naming(site):
            yield
    except HeldError as error:
        raise BenchError(Problem("another process builds the site at the moment", str(site))) from error
    except OSError as error:
        what = f"the site cannot be written ({error.strerror or error})"
        where = Path(os.fsdecode(error.filename or site))
        raise BenchError(Problem(what, str(site if where.name == _LOCK else where))) from error


def _files_in(site: Path) -> set[str]:
    """All but what a call that was killed left behind, and what operating systems do."""
    files = (path.relative_to(site) for path in site.rglob("*") if path.is_symlink() or not path.is_dir())
    ours = (path for path in files if path.parts[0] != _LOCK and not is_claim(path.parts[0]))
    return {path.as_posix() for path in ours if is_seen_below(site / path, site)}


def _listed(site: Path) -> set[str]:
    content = json.loads(read_bytes(site / LISTING))
    return {*content["files"], *content.get(_LEAVING, ())}


def _staged(site: Path, new: Path, files: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The digest of every file; those that the site does not have like this lie in `new`."""
    digests = {}
    for name, content in files:
        digests[name] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if not _holds(site / name, content):
            path = new / name
            # What is raised in making the next file is not for want of writing.
            with _written(site):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return digests


def _holds(path: Path, content: bytes) -> bool:
    try:
        return not path.is_symlink() and path.stat().st_size == len(content) and read_bytes(path) == content
    except OSError:
        return False


def _put(site: Path, new: Path, digests: Mapping[str, str], version: str) -> None:
    old = _files_in(site) - {LISTING}
    leaving = sorted(old - digests.keys())
    staged = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    if not staged and not leaving and _holds(site / LISTING, _listing(digests, version).encode()):
        return
    write_text(site / LISTING, _listing(digests, version, leaving))
    # The front page last: it links to all others.
    for name in sorted(staged, key=lambda name: (name == FRONT_PAGE, name)):
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (new / name).replace(path)
    for name in leaving:
        (site / name).unlink(missing_ok=True)
        _remove_empty(site, PurePosixPath(name))
    write_text(site / LISTING, _listing(digests, version))


def _remove_empty(site: Path, name: PurePosixPath) -> None:
    with suppress(OSError):
        for folder in name.parents[:-1]:
            (site / folder).rmdir()


def _listing(digests: Mapping[str, str], version: str, leaving: Iterable[str] = ()) -> str:
    content: dict[str, object] = {"made_by": f"mswal-bench {version}", "files": dict(sorted(digests.items()))}
    if leaving:
        content[_LEAVING] = list(leaving)
    return json.dumps(content, indent=2) + "\n"
