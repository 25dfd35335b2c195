"""Lists the libraries of others that a package ships in its folder `vendor`, for their notices."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def vendored(package: str) -> list[dict[str, Any]]:
    """Returns of each library its name, version, licence, source and the digest of each file in `vendor`."""
    listing = resources.files(package).joinpath("vendor", "VENDORED.json").read_text(encoding="utf-8")
    libraries: list[dict[str, Any]] = json.loads(listing)
    return libraries
