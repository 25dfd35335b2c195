"""The manifest as a file: one line for each case, so that two versions of it can be compared by eye."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from ..errors import BenchError, Problem
from ..files import write_text
from .manifest import Manifest

# 210 cases take 60 kB.
_MOST_BYTES = 1 << 26
_MAKE_ONE = "`mswal-bench manifest` makes one; take the organiser's."


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file. Raises BenchError when there is none, with everything that is wrong with it."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BenchError(Problem("is too large for a manifest", str(path), mend=_MAKE_ONE))
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        what = f"the manifest cannot be read ({error.strerror or error})"
        raise BenchError(Problem(what, str(path), mend=_MAKE_ONE)) from error
    except ValidationError as error:
        raise BenchError(
            *(
                Problem("is no manifest", str(path), found=f"{_place(each['loc'])}{each['msg']}", mend=_MAKE_ONE)
                for each in error.errors(include_url=False, include_input=False)
            )
        ) from error
    return manifest.model_copy(update={"cases": dict(sorted(manifest.cases.items()))})


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Writes it to `path`, whole or not at all. Raises BenchError when it cannot be written."""
    head = manifest.model_dump(exclude={"cases"})
    lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in head.items()]
    cases = [f"  {json.dumps(case)}: {json.dumps(of.model_dump())}" for case, of in manifest.cases.items()]
    text = "{\n" + "".join(lines) + ' "cases": {\n' + ",\n".join(cases) + "\n }\n}\n"
    try:
        write_text(path, text)
    except OSError as error:
        raise BenchError(Problem(f"cannot be written ({error.strerror or error})", str(path))) from error


def _place(place: tuple[str | int, ...]) -> str:
    return f"{'.'.join(map(str, place))}: " if place else ""
