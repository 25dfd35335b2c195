"""Says what a push of a model bundle would do: asks the hub what is there, and uploads nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants, get_token
from huggingface_hub.errors import HfHubHTTPError, OIDCError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoSibling

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.data.download.disk_room import in_bytes
from mswal_bench.benchmark.data.download.hub_faults import PassingError, how_to_give_a_token, in_our_words, no_hub
from mswal_bench.benchmark.data.download.hub_repository import HubRepository, RepositoryKind, hub_endpoint
from mswal_bench.benchmark.data.download.hub_session import hub_session
from mswal_bench.benchmark.data.download.release import name_problems

from .bundle import ENDING, read_bundle
from .bundle_form import CARD_MEMBER
from .hub_address import HubAddress

_TIMEOUT_S = 30


@dataclass(frozen=True)
class Upload:
    """Is a file that a push puts into the repository."""

    path: str
    """In the repository."""
    content: Path | bytes
    size: int
    """Bytes."""
    sha256: str
    """Is the digest, as `sha256:...`."""

    def is_listed_as(self, sibling: RepoSibling) -> bool:
        """Returns whether the hub has these very bytes."""
        if sibling.lfs is not None:
            return f"sha256:{sibling.lfs.sha256}" == self.sha256
        if sibling.size != self.size:
            return False
        # Of files in git, which are small, the hub knows git's own digest.
        content = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == sibling.blob_id


@dataclass(frozen=True)
class Held:
    """Describes a repository that is there."""

    commit: str | None
    """None where nothing was ever committed."""
    private: bool
    files: Mapping[str, RepoSibling]

    def has(self, upload: Upload) -> bool:
        """Returns whether the repository has the file already."""
        there = self.files.get(upload.path)
        return there is not None and upload.is_listed_as(there)


@dataclass(frozen=True)
class Token:
    """Is what the hub knows the user by."""

    value: str
    source: str
    """For a sentence."""


@dataclass(frozen=True)
class PushPlan:
    """Describes a push before anything is done."""

    address: HubAddress
    place: HubRepository
    token: Token
    public: bool
    """Was asked for; a repository that is there stays what it is."""
    uploads: tuple[Upload, ...]
    held: Held | None
    """None where there is no such repository yet."""

    @property
    def removed(self) -> tuple[str, ...]:
        """Returns the bundles of other names, for a repository holds one."""
        paths = () if self.held is None else self.held.files
        ours = {upload.path for upload in self.uploads}
        return tuple(sorted(path for path in paths if path.endswith(ENDING) and path not in ours))

    @property
    def is_done(self) -> bool:
        """Returns whether the newest commit has all that would be pushed, and nothing else of the kind."""
        return self.held is not None and not self.removed and all(map(self.held.has, self.uploads))

    def text(self) -> str:
        """Returns what would be done, in lines."""
        lines = [f"{self.address}: {self._state()}", *map(self._line, self.uploads)]
        lines += [f"{path}: goes, for a repository holds one bundle; its own commit keeps it" for path in self.removed]
        return "\n".join([*lines, f"token: {self.token.source}"])

    def _state(self) -> str:
        asked = "public" if self.public else "private"
        if self.held is None:
            return f"is not there yet; a push makes it {asked}"
        is_now = "private" if self.held.private else "public"
        if is_now == asked:
            return f"is there, {is_now}"
        seen = "everyone sees what is pushed" if is_now == "public" else "only its members see what is pushed"
        return f"is there and stays {is_now}, not {asked} as asked: {seen}. {self.place.page}/settings changes that"

    def _line(self, upload: Upload) -> str:
        there = self.held is not None and upload.path in self.held.files
        same = there and self.held is not None and self.held.has(upload)
        state = "is there already" if same else "replaces the one that is there" if there else "new"
        return f"{upload.path}: {state}, {in_bytes(upload.size)}, {upload.sha256}"


def plan_push(
    path: Path, address: HubAddress, *, public: bool = False, endpoint: str | None = None, progress: bool = False
) -> PushPlan:
    """Checks every byte of the bundle, and asks the hub what the repository has.

    Raises BenchError for an address with a revision, for what is no sound bundle, without a token, and for what the hub
    refuses to say.
    """
    place = HubRepository((endpoint or hub_endpoint()).rstrip("/"), address.repository, RepositoryKind.MODEL)
    raise_if_any(_call_problems(path, address))
    card = read_bundle(path, progress=progress).card.encode()
    token = _token(place)
    uploads = (
        Upload(CARD_MEMBER, card, len(card), "sha256:" + hashlib.sha256(card).hexdigest()),
        Upload(path.name, path, path.stat().st_size, file_digest(path)),
    )
    return PushPlan(address, place, token, public, uploads, held_by(place, token))


def held_by(place: HubRepository, token: Token, revision: str | None = None) -> Held | None:
    """Asks what the repository has; None where there is none, or none that the token may see."""
    with _once(place):
        try:
            api = hub_session(place.endpoint).api
            info = api.model_info(
                place.name, revision=revision, files_metadata=True, timeout=_TIMEOUT_S, token=token.value
            )
            files = {sibling.rfilename: sibling for sibling in info.siblings or []}
            return Held(info.sha, bool(info.private), files)
        except RepositoryNotFoundError as error:
            if error.response.status_code != 404:
                raise
            return None
        except HfHubHTTPError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise no_hub(place, error, place.page) from error


@contextmanager
def _once(place: HubRepository) -> Iterator[None]:
    """Asks once: whoever pushes sits before it, and the call is short."""
    try:
        with in_our_words(place, place.page):
            yield
    except PassingError as fault:
        raise BenchError(fault.problem) from fault


def _call_problems(path: Path, address: HubAddress) -> Iterator[Problem]:
    if address.revision is not None:
        mend = f"Give {HubAddress(address.owner, address.name)}; what it became is told."
        yield Problem("a push makes a commit of its own, so no revision can be named", str(address), mend=mend)
    if path.suffix != ENDING or path.name.startswith("."):
        yield Problem("is not the name of a bundle", str(path), f"NAME{ENDING}")
    else:
        yield from name_problems([path.name])


def _token(place: HubRepository) -> Token:
    try:
        value = get_token()
    except OIDCError as error:
        raise BenchError(Problem("gives no token", "HF_OIDC_RESOURCE", found=str(error))) from error
    if value is None:
        mend = f"Log in with `hf auth login`, or {how_to_give_a_token(place)} It must be one that may write."
        raise BenchError(Problem("the hub takes nothing from strangers, and there is no token", place.page, mend=mend))
    names = [name for name in ("HF_OIDC_RESOURCE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") if os.environ.get(name)]
    return Token(value, names[0] if names else f"a login ({constants.HF_TOKEN_PATH})")
