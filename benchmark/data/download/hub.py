"""Asks the Hugging Face hub what a revision holds, and for the bytes of a file from any offset on.

The library's own `hf_hub_download` is not used: it checks sizes but no digests, throws away a part when it is stopped,
and removes the old file before it has the new one. Its session, tokens, proxies, listings and errors are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2
from huggingface_hub import constants, get_session, hf_hub_url, hf_raise_for_status
from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.hf_api import DatasetInfo, ModelInfo, RepoSibling

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any

from .hub_faults import PassingError, PastEndError, in_our_words, no_hub
from .hub_repository import HubRepository, RepositoryKind, hub_endpoint
from .hub_session import hub_session
from .release import REPOSITORY, Release, ReleaseFile, looks_like_a_commit, name_problems

_LISTING_TIMEOUT_S = 30
_NO_SUCH_RANGE = 416
_Info = DatasetInfo | ModelInfo


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

    def __init__(
        self,
        endpoint: str | None = None,
        repository: str = REPOSITORY,
        kind: RepositoryKind = RepositoryKind.DATA_SET,
    ):
        self.place = HubRepository((endpoint or hub_endpoint()).rstrip("/"), repository, kind)
        session = hub_session(self.place.endpoint)
        self._api = session.api
        # Offsets, sizes and digests are those of the file, so it must not come compressed.
        self._headers = {**session.headers, "Accept-Encoding": "identity"}

    @property
    def repository(self) -> str:
        """Returns `OWNER/NAME`."""
        return self.place.name

    @property
    def page(self) -> str:
        """Returns the address of the repository's page, where its terms are."""
        return self.place.page

    def release(self, revision: str) -> Release:
        """Lists the files of `revision`: a commit, the beginning of its hash, a branch or a tag.

        Raises BenchError where there is no such revision or a listed name is refused, and PassingError.
        """
        try:
            with in_our_words(self.place, self.page):
                info = self._info(revision)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise no_hub(self.place, error, self.page) from error
        commit = str(info.sha)
        if not re.fullmatch("[0-9a-f]{40}", commit):
            raise no_hub(self.place, "a listing without a commit", self.page)
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
            raise BenchError(Problem("the revision holds no file", self.place.page_at(commit)))
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
        place = self.place
        url = hf_hub_url(place.name, file.path, repo_type=place.kind.value, revision=commit, endpoint=place.endpoint)
        headers = {**self._headers, "Range": f"bytes={offset}-"} if offset else self._headers
        timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
        with (
            in_our_words(place, file.path),
            get_session().stream("GET", url, headers=headers, timeout=timeout) as response,
        ):
            if offset and response.status_code == _NO_SUCH_RANGE:
                raise PastEndError
            hf_raise_for_status(response)
            start, size = _extent(response)
            yield Stream(start, size, response.iter_bytes())

    def _info(self, revision: str) -> _Info:
        """Asks by the revision as it is and, where the hub does not take a shortened hash, by the full one."""
        try:
            return self._listing(revision)
        except RevisionNotFoundError:
            if not looks_like_a_commit(revision):
                raise
            commits = self._api.list_repo_commits(self.repository, repo_type=self.place.kind.value)
            full = [commit.commit_id for commit in commits if commit.commit_id.startswith(revision)]
            if len(full) != 1:
                raise
            return self._listing(full[0])

    def _listing(self, revision: str) -> _Info:
        is_model = self.place.kind is RepositoryKind.MODEL
        ask = self._api.model_info if is_model else self._api.dataset_info
        return ask(self.repository, revision=revision, files_metadata=True, timeout=_LISTING_TIMEOUT_S)


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
