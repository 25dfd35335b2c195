"""One number for the predictions of a submission, the same however they are packed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from .listing import SubmittedFile
from .submitted_files import Submission, files_named


def predictions_digest(submission: Submission, predictions: Mapping[str, str]) -> str:
    """SHA-256, as `sha256:...`, over the case ids and their files' bytes; `predictions` is case id -> name inside.

    Raises BenchError for a name that the submission does not have, and for a file that cannot be read.
    """
    cases = {name: case for case, name in predictions.items()}
    of_cases = {cases[file.name]: _file_digest(file) for file in files_named(submission, predictions.values())}
    digest = hashlib.sha256()
    for case, content in sorted(of_cases.items()):
        # The second is always as long, so that nothing else gives the same bytes.
        digest.update(case.encode() + b"\0" + content)
    return f"sha256:{digest.hexdigest()}"


def _file_digest(file: SubmittedFile) -> bytes:
    digest = hashlib.sha256()
    for block in file.blocks():
        digest.update(block)
    return digest.digest()
