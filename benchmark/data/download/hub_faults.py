"""Turns what the hub's library raises into sentences, and tells what may pass from what does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .hub_repository import HubRepository

_PASSING_STATUS = (408, 429, 500, 502, 503, 504)
# The hub counts requests in windows of five minutes: what asks for more is mistaken or does not want to be asked.
_LONGEST_WAIT_S = 300
_NO_SUCH_TOKEN = "Invalid credentials in Authorization header"


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


@contextmanager
def in_our_words(repository: HubRepository, where: str) -> Iterator[None]:
    """Turns what the library raises into PassingError, FileError or BenchError; `where` is what was asked for."""
    try:
        yield
    except OfflineModeIsEnabled as error:
        mend = "Unset it, or set it to 0."
        raise BenchError(Problem("HF_HUB_OFFLINE forbids asking the hub", where, mend=mend)) from error
    except HfHubHTTPError as error:
        raise _answer_fault(repository, error, where) from error
    except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
        said = str(error) or type(error).__name__
        mend = "Check the network and HF_ENDPOINT."
        raise PassingError(
            Problem(f"{repository.endpoint} cannot be reached, or broke off", where, found=said, mend=mend)
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise no_hub(repository, error, where) from error


def no_hub(repository: HubRepository, found: object, where: str) -> BenchError:
    """Returns the error for a page of a proxy or of a portal where the hub's JSON was expected, or a wrong address."""
    mend = "Check HF_ENDPOINT, the proxy and the network."
    what = f"{repository.endpoint} does not answer as a hub does"
    return BenchError(Problem(what, where, found=str(found), mend=mend))


def how_to_give_a_token(repository: HubRepository) -> str:
    """Returns the end of a sentence."""
    return f"make a token at {repository.endpoint}/settings/tokens and call again with HF_TOKEN=... in the environment."


def _answer_fault(repository: HubRepository, error: HfHubHTTPError, where: str) -> Exception:
    """What an answer that is no success means."""
    status, word, page = error.response.status_code, repository.kind.word, repository.page
    found = f"status {status}"
    if isinstance(error, RemoteEntryNotFoundError):
        return FileError(Problem("the file is listed, but the hub does not have it", where, found=found))
    if isinstance(error, RevisionNotFoundError):
        mend = f"Choose one of {page}/commits/main {repository.kind.how_to_choose_a_revision}."
        return BenchError(Problem(f"the {word} has no such revision", where, found=found, mend=mend))
    if isinstance(error, GatedRepoError) or status == 403:
        mend = f"Accept its terms at {page} while logged in, {how_to_give_a_token(repository)}"
        return BenchError(Problem(f"the hub does not give the {word} to you", where, found=found, mend=mend))
    if status == 401:
        return BenchError(_unknown_asker(repository, error, where, found))
    if status == 404:
        return BenchError(Problem(f"the hub does not have the {word}", where, found=f"{found} at {page}"))
    problem = Problem(f"{repository.endpoint} does not deliver", where, found=found)
    return PassingError(problem, _asked_wait_s(error.response)) if status in _PASSING_STATUS else BenchError(problem)


def _unknown_asker(repository: HubRepository, error: HfHubHTTPError, where: str, found: str) -> Problem:
    word, to_give_one = repository.kind.word, how_to_give_a_token(repository)
    if error.response.headers.get("X-Error-Message") == _NO_SUCH_TOKEN:
        return Problem("the hub does not know the token", where, found=found, mend=f"To replace it, {to_give_one}")
    what = f"the hub wants to know who asks, or does not have the {word}, or does not take the token"
    return Problem(what, where, found=found, mend=f"If the {word} is there ({repository.page}), {to_give_one}")


def _asked_wait_s(response: httpx2.Response) -> float:
    """Seconds the server asks to wait, by `Retry-After` or the hub's rate limit headers; 0 where it does not."""
    after = response.headers.get("Retry-After", "")
    limit = parse_ratelimit_headers(response.headers) if response.status_code == 429 else None
    asked = int(after) if after.isdigit() else limit.reset_in_seconds if limit and limit.remaining == 0 else 0
    return min(asked, _LONGEST_WAIT_S)
