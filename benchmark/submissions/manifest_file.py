"""Reads and writes the manifest as a file with one line for each case, so that versions can be compared by eye."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import not_written, write_text
from mswal_bench.benchmark.core.wrong_values import wrong_values

from .manifest import CASE_ID_PATTERN, CASE_ID_WORDS, Manifest
from .submission_form import PATTERNS

# 210 cases take 60 kB.
_MOST_BYTES = 1 << 26
_MAKE_ONE = "`mswal-bench manifest` makes one; take the organiser's."
_A_MANIFEST = "the JSON file that names a track (track, hidden, labels) and of each of its cases the grid (cases)"


def read_manifest(path: Path) -> Manifest:
    """Reads the manifest in a file. Raises BenchError where there is none, with everything that is wrong with it."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BenchError(Problem("is too large for a manifest", str(path), mend=_MAKE_ONE))
        manifest = Manifest.model_validate_json(read_bytes(path))
    except OSError as error:
        what = f"the manifest cannot be read ({error.strerror or error})"
        raise BenchError(Problem(what, str(path), mend=_MAKE_ONE)) from error
    except ValidationError as error:
        raise BenchError(_what_it_is(path, error)) from error
    return manifest.model_copy(update={"cases": dict(sorted(manifest.cases.items()))})


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Writes the manifest to `path`, whole or not at all. Raises BenchError when it cannot be written."""
    head = manifest.model_dump(exclude={"cases"})
    lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in head.items()]
    cases = [f"  {json.dumps(case)}: {json.dumps(of.model_dump())}" for case, of in manifest.cases.items()]
    text = "{\n" + "".join(lines) + ' "cases": {\n' + ",\n".join(cases) + "\n }\n}\n"
    try:
        write_text(path, text)
    except OSError as error:
        raise BenchError(not_written(error, path)) from error


def _what_it_is(path: Path, error: ValidationError) -> Problem:
    """Of a damaged manifest all that is wrong; of another file, what a manifest is and what this is."""
    try:
        content = json.loads(read_bytes(path))
    except (OSError, ValueError, RecursionError):
        content = None
    fields = content.keys() if isinstance(content, dict) else set()
    # Others have fields of these names too: a result's record has `track`, and the number of its `cases`.
    if isinstance(content, dict) and all(isinstance(content.get(name), dict) for name in ("cases", "labels")):
        found = wrong_values(error, {**PATTERNS, CASE_ID_PATTERN: CASE_ID_WORDS})
        return Problem("is a damaged manifest", str(path), found=found, mend=_MAKE_ONE)
    found = f"a JSON file of {listed(sorted(fields), 5)}" if fields else "another JSON file"
    if content is None:
        found = "no JSON"
    elif fields >= {"labels", "numTraining"}:
        found = "the dataset.json of a data set"
    return Problem("is no manifest", str(path), _A_MANIFEST, found, _MAKE_ONE)
