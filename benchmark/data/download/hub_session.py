"""Opens the hub's library for an endpoint, with the user's token and our name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from huggingface_hub import HfApi, constants
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

from mswal_bench.benchmark.core.errors import BenchError, Problem

# Else the library adds what runs it to its requests, and asks the hub for a list to tell that by.
constants.HF_HUB_DISABLE_TELEMETRY = True


@dataclass(frozen=True)
class HubSession:
    """Holds what every request to a hub needs."""

    api: HfApi
    headers: Mapping[str, str]
    """With the token of `$HF_TOKEN` or of a login, where there is one."""


def hub_session(endpoint: str) -> HubSession:
    """Returns the session for a hub, without a request. Raises BenchError for a token that cannot be sent."""
    version = metadata.version("mswal-bench")
    headers = build_hf_headers(library_name="mswal-bench", library_version=version)
    if not headers.get("authorization", "").isascii():
        mend = "Copy it again; tokens are made of letters, digits and _."
        raise BenchError(Problem("the token has a character that no token has", "HF_TOKEN or login", mend=mend))
    return HubSession(HfApi(endpoint=endpoint, library_name="mswal-bench", library_version=version), headers)
