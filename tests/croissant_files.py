"""Reads Croissant descriptions by the reference implementation, as whoever finds a data set does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import mlcroissant


def read_croissant(path: Path) -> mlcroissant.Dataset:
    """Reads and validates a description. Fails where a file is not there or its digest is another."""
    for each in json.loads(path.read_text(encoding="utf-8"))["distribution"]:
        if each["@type"] == "cr:FileObject":
            content = (path.parent / each["contentUrl"]).read_bytes()
            assert each["sha256"] == hashlib.sha256(content).hexdigest(), each["contentUrl"]
        else:
            assert list(path.parent.glob(each["includes"])), each["includes"]
    # It raises for errors, and keeps warnings.
    return mlcroissant.Dataset(path)


def left_out(dataset: mlcroissant.Dataset) -> set[str]:
    """The recommended properties that the description does not have; it must give no other warning."""
    warnings = dataset.metadata.ctx.issues.warnings
    assert all("is recommended, but does not exist" in warning for warning in warnings), warnings
    return {warning.partition('"')[2].partition('"')[0].rpartition("/")[2] for warning in warnings}


def rows(dataset: mlcroissant.Dataset, table: str) -> list[dict[str, Any]]:
    """The records of a table, with the names of columns alone; text is text."""
    return [
        {
            name.removeprefix(f"{table}/"): value.decode() if isinstance(value, bytes) else value
            for name, value in record.items()
        }
        for record in dataset.records(table)
    ]
