"""Pushes a model bundle to a hub: its card and the bundle in one commit, checked by digest once they are there."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, constants, get_session
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import (  # type: ignore[attr-defined]
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from huggingface_hub.utils import logging as library_log

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.download.hub_faults import PassingError, in_our_words
from mswal_bench.benchmark.data.download.hub_repository import HubRepository
from mswal_bench.benchmark.data.download.hub_session import hub_session

from .hub_address import HubAddress
from .push_plan import Held, PushPlan, Token, Upload, held_by

AGAIN = "Nothing was committed. The same command tries again, and does not send again what has arrived."


def push_model(
    plan: PushPlan, *, message: str | None = None, announce: Callable[[str], None] = lambda _: None
) -> HubAddress:
    """Does what `plan` says, and returns the address with the commit.

    Makes the repository where there is none; `announce` hears what differs from what was asked for. What is there
    already makes no commit. Raises BenchError where the hub does not let the token's owner write, where the repository
    was changed since, where the upload breaks off, and where the hub does not list what was pushed.
    """
    held = plan.held if plan.held is not None else _make(plan, announce)
    if plan.is_done and held.commit is not None:
        return plan.address.at(held.commit)
    summary = message or f"Push {plan.uploads[-1].path}"
    operations: list[CommitOperationAdd | CommitOperationDelete] = [*map(_addition, plan.uploads)]
    operations += map(CommitOperationDelete, plan.removed)
    api, name = hub_session(plan.place.endpoint).api, plan.place.name
    with _writing(plan.place, f"write to {plan.address}"), _quiet_library(announce), _as_stored_there(plan):
        commit = api.create_commit(
            name, operations, commit_message=summary, parent_commit=held.commit, token=plan.token.value
        ).oid
    now = held_by(plan.place, plan.token, commit)
    missing = [upload.path for upload in plan.uploads if now is None or not now.has(upload)]
    if missing:
        what = f"the hub made the commit {commit}, and it does not have what was pushed"
        mend = "See whether a .gitignore in the repository names it."
        raise BenchError(*(Problem(what, f"{plan.place.page}: {path}", mend=mend) for path in missing))
    return plan.address.at(commit)


def _make(plan: PushPlan, announce: Callable[[str], None]) -> Held:
    """The new repository, as the hub then has it: an organisation may have rules of its own."""
    api = hub_session(plan.place.endpoint).api
    with _writing(plan.place, f"make {plan.address}"):
        try:
            api.create_repo(plan.place.name, private=not plan.public, token=plan.token.value)
        except HfHubHTTPError as error:
            # Somebody was faster.
            if error.response.status_code != 409:
                raise
    held = held_by(plan.place, plan.token)
    if held is None:
        raise BenchError(Problem("the hub has made the model, and does not show it", plan.place.page))
    if held.private is plan.public:
        announce(f"{plan.address} was made {'private' if held.private else 'public'}, by a rule of its owner")
    return held


def _addition(upload: Upload) -> CommitOperationAdd:
    content = str(upload.content) if isinstance(upload.content, Path) else upload.content
    addition = CommitOperationAdd(upload.path, content)
    # Known already: the library need not read the file for it.
    addition.upload_info.sha256 = bytes.fromhex(upload.sha256.removeprefix("sha256:"))
    return addition


@contextmanager
def _as_stored_there(plan: PushPlan) -> Iterator[None]:
    """Sends large files as the hub takes them. With hf_xet installed, the library sends by Xet to every hub, also to
    those that have Git LFS alone."""
    if constants.HF_HUB_DISABLE_XET or find_spec("hf_xet") is None or _has_xet(plan.place, plan.token):
        yield
        return
    constants.HF_HUB_DISABLE_XET = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = False


def _has_xet(place: HubRepository, token: Token) -> bool:
    url = f"{place.endpoint}/api/models/{place.name}/xet-write-token/main"
    headers = {**hub_session(place.endpoint).headers, "authorization": f"Bearer {token.value}"}
    return get_session().get(url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT).status_code == 200


@contextmanager
def _quiet_library(announce: Callable[[str], None]) -> Iterator[None]:
    """Keeps the library's bars on terminals, turns its warnings about a card into sentences, and its log off: that
    shows signed addresses, with which anybody could upload."""
    with ExitStack() as after, warnings.catch_warnings(record=True) as warned:
        after.callback(library_log.set_verbosity, library_log.get_verbosity())
        library_log.set_verbosity(logging.CRITICAL)
        if not sys.stderr.isatty() and not are_progress_bars_disabled():
            after.callback(enable_progress_bars)
            disable_progress_bars()
        warnings.simplefilter("always", UserWarning)
        yield
    for each in warned:
        if issubclass(each.category, UserWarning):
            announce(" ".join(str(each.message).split()))


@contextmanager
def _writing(place: HubRepository, deed: str) -> Iterator[None]:
    """Turns what goes wrong in the library's calls that write into sentences; `deed` follows `let you`."""
    try:
        with _without_wrapping():
            yield
    except HfHubHTTPError as error:
        raise BenchError(_refusal(place, error, deed)) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OfflineModeIsEnabled) as error:
        try:
            with in_our_words(place, place.page):
                raise error
        except PassingError as fault:
            problem = fault.problem
            mend = f"{problem.mend} {AGAIN}"
            raise BenchError(Problem(problem.what, problem.where, found=problem.found, mend=mend)) from error
    except ValueError as error:
        what = "the hub does not take what is pushed, or does not answer as a hub does"
        raise BenchError(Problem(what, place.page, found=" ".join(str(error).split()), mend=AGAIN)) from error
    except (OSError, RuntimeError) as error:
        # Of the store, by the library for Xet, and of the disk.
        raise BenchError(Problem("the upload broke off", place.page, found=str(error), mend=AGAIN)) from error


@contextmanager
def _without_wrapping() -> Iterator[None]:
    """The library raises whatever ends an upload by Git LFS as a RuntimeError that says no more than that."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error.__cause__, Exception):
            raise error.__cause__ from None
        raise


def _refusal(place: HubRepository, error: HfHubHTTPError, deed: str) -> Problem:
    status, said = error.response.status_code, " ".join((error.server_message or "").split())
    found = f"status {status}" + (f" ({said})" if said else "")
    if not str(error.response.url).startswith(place.endpoint + "/"):
        return Problem("the hub's store refused the upload", place.page, found=found, mend=AGAIN)
    if status in {401, 403, 404}:
        mend = f"Name an owner that you may write for, with a token that may write ({place.endpoint}/settings/tokens)."
        return Problem(
            f"the hub does not let you {deed}, or there is no such owner", place.page, found=found, mend=mend
        )
    if status == 412:
        return Problem("the model was changed while the upload ran", place.page, found=found, mend=AGAIN)
    return Problem(f"{place.endpoint} does not let you {deed} now", place.page, found=found, mend=AGAIN)
