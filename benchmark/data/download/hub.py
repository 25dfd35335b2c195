"""Asks the Hugging Face hub what a revision holds, and for the bytes of a file from any offset on.

The library's own `hf_hub_download` is not used: it checks sizes but no digests, throws away a part when it is stopped,
and removes the old file before it has the new one. Its session, tokens, proxies, listings and errors are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata

import httpx2
from huggingface_hub import HfApi, constants, get_session, hf_hub_url, hf_raise_for_status
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import DatasetInfo, RepoSibling
from huggingface_hub.utils import build_hf_headers, parse_ratelimit_headers  # type: ignore[attr-defined]

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any

from .release import REPOSITORY, Release, ReleaseFile, looks_like_a_commit, name_problems

# Else the library adds what runs it to its requests, and asks the hub for a list to tell that by.
constants.HF_HUB_DISABLE_TELEMETRY = True

DEFAULT_ENDPOINT = "https://huggingface.co"
_KIND = "dataset"
_LISTING_TIMEOUT_S = 30
_PASSING_STATUS = (408, 429, 500, 502, 503, 504)
_NO_SUCH_RANGE = 416
# The hub counts requests in windows of five minutes: what asks for more is mistaken or does not want to be asked.
_LONGEST_WAIT_S = 300


class PassingError(Exception):
    """Is raised for faults that may be over at the next try: a broken connection, a busy server."""

    def __init__(self, problem: Problem, wait_s: float = 0):
        super().__init__(str(problem))
        self.problem = problem
        self.wait_s = wait_s
        """How long the server asks to wait, five minutes at most; 0 where it does not say."""

    @property
    def request(self) -> str:
        """Says what the server asks for, for a user who would take a long silence for a fault."""
        return f"{self.problem.where}: the hub asks to wait {self.wait_s:g} s"


class PastEndError(Exception):
    """Is raised when the file at the source ends before the offset that was asked for."""


class FileError(Exception):
    """Is raised for what is wrong with one file alone."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Stream:
    """Gives a file's bytes as they arrive."""

    start: int
    """The offset of the first byte: the one asked for, or 0 where the server sends the file from its beginning."""
    size: int | None
    """Bytes of the whole file; None where the server does not say."""
    blocks: Iterator[bytes]


class Hub:
    """Talks to the hub at `endpoint`, `$HF_ENDPOINT` or huggingface.co, with the token of `$HF_TOKEN` or of a login."""

    def __init__(self, endpoint: str | None = None, repository: str = REPOSITORY):
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
        self.repository = repository
        version = metadata.version("mswal-bench")
        self._api = HfApi(endpoint=self.endpoint, library_name="mswal-bench", library_version=version)
        headers = build_hf_headers(library_name="mswal-bench", library_version=version)
        if not headers.get("authorization", "").isascii():
            mend = "Copy it again; tokens are made of letters, digits and _."
            raise BenchError(Problem("the token has a character that no token has", "HF_TOKEN or login", mend=mend))
        # Offsets, sizes and digests are those of the file, so it must not come compressed.
        self._headers = {**headers, "Accept-Encoding": "identity"}

    @property
    def page(self) -> str:
        """Returns the address of the data set's page, where its terms are."""
        return f"{self.endpoint}/datasets/{self.repository}"

    def release(self, revision: str) -> Release:
        """Lists the files of `revision`: a commit, the beginning of its hash, a branch or a tag.

        Raises BenchError where there is no such revision or a listed name is refused, and PassingError.
        """
        try:
            with self._in_our_words(self.page):
                info = self._info(revision)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._no_hub(error, self.page) from error
        commit = str(info.sha)
        if not re.fullmatch("[0-9a-f]{40}", commit):
            raise self._no_hub("a listing without a commit", self.page)
        if looks_like_a_commit(revision) and not commit.startswith(revision):
            raise BenchError(
                Problem("the revision names another commit", self.page, revision, commit, "Give the full hash.")
            )
        listed = info.siblings or []
        raise_if_any(name_problems([sibling.rfilename for sibling in listed]))
        # Hidden ones are git's own, and such names are those of unfinished files here.
        shown = [sibling for sibling in listed if not any(part[0] == "." for part in sibling.rfilename.split("/"))]
        files = [_release_file(sibling) for sibling in shown]
        raise_if_any(
            Problem("the hub's listing has no size and digest to check the file by", sibling.rfilename)
            for sibling, file in zip(shown, files, strict=True)
            if file is None
        )
        checked = sorted((file for file in files if file is not None), key=lambda file: (file.is_image, file.path))
        if not checked:
            raise BenchError(Problem("the revision holds no file", f"{self.page}/tree/{commit}"))
        return Release(
            repository=self.repository,
            commit=commit,
            listed_at=datetime.now(UTC).replace(microsecond=0),
            files=tuple(checked),
        )

    @contextmanager
    def stream(self, commit: str, file: ReleaseFile, offset: int) -> Iterator[Stream]:
        """Opens `file` at `offset` (bytes); the stream can be read while the context lasts.

        Raises FileError where the file is missing, PastEndError where it is shorter than `offset`, PassingError also
        while the bytes come, BenchError on all else.
        """
        url = hf_hub_url(self.repository, file.path, repo_type=_KIND, revision=commit, endpoint=self.endpoint)
        headers = {**self._headers, "Range": f"bytes={offset}-"} if offset else self._headers
        timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
        with (
            self._in_our_words(file.path),
            get_session().stream("GET", url, headers=headers, timeout=timeout) as response,
        ):
            if offset and response.status_code == _NO_SUCH_RANGE:
                raise PastEndError
            hf_raise_for_status(response)
            start, size = _extent(response)
            yield Stream(start, size, response.iter_bytes())

    def _info(self, revision: str) -> DatasetInfo:
        """Asks by the revision as it is and, where the hub does not take a shortened hash, by the full one."""
        try:
            return self._listing(revision)
        except RevisionNotFoundError:
            if not looks_like_a_commit(revision):
                raise
            commits = self._api.list_repo_commits(self.repository, repo_type=_KIND)
            full = [commit.commit_id for commit in commits if commit.commit_id.startswith(revision)]
            if len(full) != 1:
                raise
            return self._listing(full[0])

    def _listing(self, revision: str) -> DatasetInfo:
        return self._api.dataset_info(
            self.repository, revision=revision, files_metadata=True, timeout=_LISTING_TIMEOUT_S
        )

    @contextmanager
    def _in_our_words(self, where: str) -> Iterator[None]:
        """Turns what the library raises into PassingError, FileError or BenchError."""
        try:
            yield
        except OfflineModeIsEnabled as error:
            raise BenchError(
                Problem("HF_HUB_OFFLINE forbids asking the hub", where, mend="Unset it, or set it to 0, to download.")
            ) from error
        except HfHubHTTPError as error:
            raise self._answer_fault(error, where) from error
        except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            said = str(error) or type(error).__name__
            mend = "Check the network and HF_ENDPOINT."
            raise PassingError(
                Problem(f"{self.endpoint} cannot be reached, or stopped sending", where, found=said, mend=mend)
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._no_hub(error, where) from error

    def _no_hub(self, found: object, where: str) -> BenchError:
        """For a page of a proxy or of a portal, where the hub's JSON was expected; for an address that is none."""
        mend = "Check HF_ENDPOINT, the proxy and the network."
        return BenchError(Problem(f"{self.endpoint} does not answer as a hub does", where, found=str(found), mend=mend))

    def _answer_fault(self, error: HfHubHTTPError, where: str) -> Exception:
        """What an answer that is no success means."""
        status = error.response.status_code
        found = f"status {status}"
        if isinstance(error, RemoteEntryNotFoundError):
            return FileError(Problem("the file is listed, but the hub does not have it", where, found=found))
        if isinstance(error, RevisionNotFoundError):
            mend = f"Choose one of {self.page}/commits/main with --revision."
            return BenchError(Problem("the data set has no such revision", where, found=found, mend=mend))
        if isinstance(error, GatedRepoError) or status == 403:
            mend = f"Accept its terms at {self.page} while logged in, {self._how_to_give_a_token}"
            return BenchError(Problem("the hub does not give the data set to you", where, found=found, mend=mend))
        if status == 401:
            mend = f"If the data set is there ({self.page}), {self._how_to_give_a_token}"
            what = "the hub wants to know who asks, or does not have the data set, or does not take the token"
            return BenchError(Problem(what, where, found=found, mend=mend))
        if status == 404:
            return BenchError(Problem("the hub does not have the data set", where, found=f"{found} at {self.page}"))
        problem = Problem(f"{self.endpoint} does not deliver", where, found=found)
        return (
            PassingError(problem, _asked_wait_s(error.response)) if status in _PASSING_STATUS else BenchError(problem)
        )

    @property
    def _how_to_give_a_token(self) -> str:
        return f"make a token at {self.endpoint}/settings/tokens and call again with HF_TOKEN=... in the environment."


def _release_file(listed: RepoSibling) -> ReleaseFile | None:
    """None where the listing has no size or no digest."""
    lfs = listed.lfs
    size, digest = (lfs.size, lfs.sha256) if lfs else (listed.size, listed.blob_id)
    digits = 64 if lfs else 40
    if size is None or size < 0 or digest is None or not re.fullmatch(f"[0-9a-f]{{{digits}}}", digest):
        return None
    return ReleaseFile(path=listed.rfilename, size=size, algorithm="sha256" if lfs else "git-sha1", digest=digest)


def _extent(response: httpx2.Response) -> tuple[int, int | None]:
    """Where the body starts in the file, and how large the file is if that is said."""
    if response.status_code == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match is None:
            raise PassingError(Problem("the hub sent a stretch of the file without saying which", str(response.url)))
        return int(match[1]), None if match[2] == "*" else int(match[2])
    length = response.headers.get("Content-Length")
    return 0, int(length) if length is not None and "Content-Encoding" not in response.headers else None


def _asked_wait_s(response: httpx2.Response) -> float:
    """Seconds the server asks to wait, by `Retry-After` or the hub's rate limit headers; 0 where it does not."""
    after = response.headers.get("Retry-After", "")
    limit = parse_ratelimit_headers(response.headers) if response.status_code == 429 else None
    asked = int(after) if after.isdigit() else limit.reset_in_seconds if limit and limit.remaining == 0 else 0
    return min(asked, _LONGEST_WAIT_S)
