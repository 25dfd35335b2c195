"""Describes files and tables in Croissant, by which search engines know data sets and libraries read them.

Croissant (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html) is JSON-LD: a data set of schema.org, the
files it consists of with their digests, and the columns of its tables with what they mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

CROISSANT_FILE = "croissant.json"
"""What a description is called beside the files that it describes."""

_PREFIXES = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
}
# Those that the specification has a context name; others are names of schema.org.
_OF_CROISSANT = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_TYPED = {"data": "@json", "dataType": "@vocab", "examples": "@json"}
_CONTEXT: Mapping[str, Any] = {
    **_PREFIXES,
    **{name: f"cr:{name}" for name in _OF_CROISSANT},
    **{name: {"@id": f"cr:{name}", "@type": kind} for name, kind in _TYPED.items()},
}


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    kind: Literal["Text", "Integer", "Float", "Date"]
    meaning: str
    """A sentence or less, with the unit."""


@dataclass(frozen=True)
class DataFile:
    """A file, by its path from the description's folder."""

    name: str
    meaning: str
    form: str
    """Its media type, as `text/csv`."""
    sha256: str

    @classmethod
    def of(cls, name: str, meaning: str, form: str, content: bytes) -> DataFile:
        """Describes a file of this content."""
        return cls(name, meaning, form, hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class DataFiles:
    """Many files of one kind, by a pattern of their paths from the description's folder."""

    name: str
    meaning: str
    form: str
    pattern: str


@dataclass(frozen=True)
class Table:
    """A table of records, in a CSV file that is among the files."""

    name: str
    meaning: str
    file: str
    columns: Sequence[Column]


def croissant(
    name: str,
    description: str,
    *,
    version: str | None = None,
    date: str | None = None,
    files: Sequence[DataFile | DataFiles],
    tables: Sequence[Table] = (),
    **more: object,
) -> dict[str, Any]:
    """Makes the description. What is None is left out; `more` are properties of schema.org, such as `citeAs`."""
    told = {"version": version, "datePublished": date, **more}
    return {
        "@context": dict(_CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": name,
        "description": description,
        **{key: value for key, value in told.items() if value is not None},
        "distribution": [_distribution(each) for each in files],
        "recordSet": [_record_set(each) for each in tables],
    }


def croissant_text(description: Mapping[str, Any]) -> str:
    """Writes a description as the content of its file."""
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


def _distribution(each: DataFile | DataFiles) -> dict[str, Any]:
    about = {"@id": each.name, "name": each.name, "description": each.meaning, "encodingFormat": each.form}
    if isinstance(each, DataFiles):
        return {"@type": "cr:FileSet", **about, "includes": each.pattern}
    return {"@type": "cr:FileObject", **about, "contentUrl": each.name, "sha256": each.sha256}


def _record_set(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.meaning,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table.name}/{column.name}",
                "name": column.name,
                "description": column.meaning,
                "dataType": f"sc:{column.kind}",
                "source": {"fileObject": {"@id": table.file}, "extract": {"column": column.name}},
            }
            for column in table.columns
        ],
    }
