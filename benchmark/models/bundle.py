"""Opens a model bundle, and believes nothing it says before it is checked. Imports no torch.

A bundle is a zip file with weights as safetensors, documents as JSON, and a model card. Nothing of it is unpacked: the
weights are mapped where they lie.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from pydantic import ValidationError

from mswal_bench.baselines.stored_weights import StoredWeights, WeightsError, names_once, read_header
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.benchmark.submissions.package.archive_stream import ArchiveStream
from mswal_bench.benchmark.submissions.package.listing import Listing, PackageError, SubmittedFile
from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.benchmark.submissions.package.zip_files import list_zip

from .bundle_form import CARD_MEMBER, FORM_MEMBER, BundleForm, Member, document_member, weights_member
from .findings_catalogue import ModelFinding

ENDING: Final = ".mswal"
MOST_BYTES: Final = 64 << 30
"""Of a whole bundle: some five times what five folds of the largest method here take."""
MOST_JSON_BYTES: Final = 4 << 20
_BOUNDS = Bounds(entries=64, file_bytes=MOST_BYTES, total_bytes=MOST_BYTES)
_BLOCK_BYTES = 1 << 20
_MOST_NAMED = 5


class BundleError(BenchError):
    """A bundle that is not used."""

    def __init__(self, path: Path, findings: list[ModelFinding]):
        self.findings = tuple(findings)
        super().__init__(*(_problem(path, finding) for finding in findings))


@dataclass(frozen=True)
class Bundle:
    """A bundle whose members are what its form says."""

    path: Path
    form: BundleForm
    digest: str
    """Over its `model.json`, and so over the digests of all that is in it."""
    card: str
    """The model card, in Markdown."""
    documents: Mapping[str, Mapping[str, Any]]
    """Those of the method, as it wrote them; whether it did is not checked here."""
    weights: Mapping[int, StoredWeights]
    """By fold; their headers are sound."""


def read_bundle(path: Path, *, digests: bool = True, progress: bool = False) -> Bundle:
    """Reads a bundle and checks that it is whole; with `digests` every byte of the weights too, else their headers.

    Takes memory for the documents, a few MiB each, however large the bundle is. Raises BundleError with what is wrong.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        found = str(path) if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        code = "package-missing" if isinstance(error, FileNotFoundError) else "package-unreadable"
        raise BundleError(path, [ModelFinding(code, found=found)]) from error
    with file:
        try:
            members = _members(path, file)
            form_bytes = _read(path, members[FORM_MEMBER])
            form = _form(path, form_bytes)
            documents = _check_members(path, form, members)
            weights = {fold: _weights(path, members[weights_member(fold)]) for fold in form.folds}
            small = {name for name in members if name not in map(weights_member, form.folds)} - {FORM_MEMBER}
            content = {name: _checked(path, members[name], form.members[name]) for name in sorted(small)}
            if digests:
                _check_weights(path, form, members, progress)
        except PackageError as error:
            raise BundleError(path, [_as_ours(error)]) from error
        except OSError as error:
            finding = ModelFinding("package-unreadable", found=error.strerror or str(error))
            raise BundleError(path, [finding]) from error
    try:
        card = content[CARD_MEMBER].decode()
    except UnicodeDecodeError as error:
        raise BundleError(path, [ModelFinding("not-text", CARD_MEMBER)]) from error
    read = {name: json_table(path, document_member(name), content[document_member(name)]) for name in documents}
    return Bundle(path, form, "sha256:" + hashlib.sha256(form_bytes).hexdigest(), card, read, weights)


def _members(path: Path, file: BinaryIO) -> dict[str, SubmittedFile]:
    """The files of the archive by name. Raises PackageError, and BundleError for what is wrong with some of them."""
    start = file.read(4)
    if start != b"PK\3\4":
        raise BundleError(path, [ModelFinding("no-bundle", found="another kind of file")])
    listing = Listing(_BOUNDS)
    list_zip(ArchiveStream(file), path.stat().st_size, listing)
    members = {each.name: each for each in listing.files()}
    if listing.findings:
        found = [ModelFinding(each.code, each.file, each.found, each.expected) for each in listing.findings]
        raise BundleError(path, found[:_MOST_NAMED])
    if FORM_MEMBER not in members:
        raise BundleError(path, [ModelFinding("no-bundle", found=f"no {FORM_MEMBER}")])
    return members


def _form(path: Path, content: bytes) -> BundleForm:
    table = json_table(path, FORM_MEMBER, content)
    try:
        return BundleForm.model_validate(table)
    except (ValidationError, RecursionError) as error:
        found = wrong_values(error) if isinstance(error, ValidationError) else "too deep"
        raise BundleError(path, [ModelFinding("form-invalid", FORM_MEMBER, found)]) from error


def _check_members(path: Path, form: BundleForm, members: Mapping[str, SubmittedFile]) -> list[str]:
    """That exactly those are there that the form names; gives the names of the method's documents."""
    there = members.keys() - {FORM_MEMBER}
    needed = {CARD_MEMBER, *map(weights_member, form.folds)}
    findings = [ModelFinding("member-missing", name[:200]) for name in sorted((form.members.keys() | needed) - there)]
    documents = sorted(there - needed)
    strangers = [
        name
        for name in documents
        if name not in form.members or not name.endswith(".json") or not name.removesuffix(".json").isalpha()
    ]
    findings += [ModelFinding("member-unknown", name[:200]) for name in strangers]
    findings += [
        ModelFinding("size-differs", name, f"{members[name].size_bytes} bytes", f"{member.bytes}")
        for name, member in form.members.items()
        if name in there and members[name].size_bytes != member.bytes
    ]
    if findings:
        raise BundleError(path, findings[:_MOST_NAMED])
    return [name.removesuffix(".json") for name in documents]


def _weights(path: Path, member: SubmittedFile) -> StoredWeights:
    if member.stored_at is None:
        raise BundleError(path, [ModelFinding("member-packed", member.name)])
    weights = StoredWeights(path, member.stored_at, member.size_bytes)
    try:
        with member.open() as file:
            read_header(file, member.size_bytes)
    except WeightsError as error:
        raise BundleError(path, [ModelFinding("weights-invalid", member.name, str(error))]) from error
    return weights


def _check_weights(path: Path, form: BundleForm, members: Mapping[str, SubmittedFile], progress: bool) -> None:
    names = [weights_member(fold) for fold in form.folds]
    every, done = sum(members[name].size_bytes for name in names), 0
    with progress_bar("check", "B", shown=progress) as report:
        for name in names:
            digest = hashlib.sha256()
            with members[name].open() as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
                    done += len(block)
                    report(done, every, name)
            _compare(path, name, digest.hexdigest(), form.members[name])


def _checked(path: Path, member: SubmittedFile, expected: Member) -> bytes:
    content = _read(path, member)
    _compare(path, member.name, hashlib.sha256(content).hexdigest(), expected)
    return content


def _compare(path: Path, name: str, digest: str, expected: Member) -> None:
    if f"sha256:{digest}" != expected.digest:
        raise BundleError(path, [ModelFinding("digest-differs", name, f"sha256:{digest}", expected.digest)])


def _read(path: Path, member: SubmittedFile) -> bytes:
    if member.size_bytes > MOST_JSON_BYTES:
        found, expected = f"{member.size_bytes} bytes", f"at most {MOST_JSON_BYTES}"
        raise BundleError(path, [ModelFinding("file-too-large", member.name, found, expected)])
    with member.open() as file:
        return file.read()


def json_table(path: Path, name: str, content: bytes) -> dict[str, Any]:
    """The JSON of a member: an object, without a name twice and without numbers that JSON does not have.

    Raises BundleError, which names the archive `path`.
    """
    try:
        table = json.loads(content.decode(), object_pairs_hook=names_once, parse_constant=_no_number)
        if not isinstance(table, dict):
            raise ValueError("not an object")
    except (ValueError, RecursionError) as error:
        raise BundleError(path, [ModelFinding("not-json", name, type(error).__name__)]) from error
    return cast("dict[str, Any]", table)


def _no_number(name: str) -> float:
    raise ValueError(name)


def _as_ours(error: PackageError) -> ModelFinding:
    finding = error.finding
    return ModelFinding(finding.code, finding.file, finding.found, finding.expected)


def _problem(path: Path, finding: ModelFinding) -> Problem:
    where = f"{path}: {finding.file}" if finding.file else str(path)
    return Problem(f"{finding.what} ({finding.code})", where, finding.expected, finding.found, finding.mend)
