"""Brings what a user names as a model onto this machine, where it is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .hub_address import is_hub_address, parse_hub_address


def local_model(model: Path | str, announce: Callable[[str], None] = lambda _: None) -> Path:
    """Returns where a model lies: a path as it is, and of an address of a hub the bundle, fetched and checked.

    `announce` hears which commit an address means. Raises BenchError as `parse_hub_address` and `fetch_model` do.
    """
    if not is_hub_address(str(model)):
        return Path(model)
    address = parse_hub_address(str(model))
    # The hub's library takes a while to load.
    from .fetch_model import fetch_model

    return fetch_model(address, announce=announce).path
