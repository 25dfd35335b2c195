"""Opens the zip of `nnUNetv2_export_model_to_zip`, and believes nothing it says before it is checked. Imports no torch.

nnU-Net's own code unpacks such a zip whole, and reads its checkpoints as pickles that may run what they name. Here only
what is asked for is read, and a checkpoint is taken out to a folder of one's own before it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mswal_bench.baselines.nnunet.plans import CONFIGURATION
from mswal_bench.benchmark.submissions.package.archive_stream import ArchiveStream
from mswal_bench.benchmark.submissions.package.listing import Listing, PackageError, SubmittedFile
from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.benchmark.submissions.package.zip_files import list_zip

from .bundle import MOST_JSON_BYTES, BundleError, json_table
from .findings_catalogue import ModelFinding

CHECKPOINT: Final = "checkpoint_final.pth"
# With predictions of the cross-validation, as some export them, a zip has files by the thousand.
_BOUNDS = Bounds(entries=50_000, file_bytes=16 << 30, total_bytes=256 << 30)
_MOST_PICKLE_BYTES = 16 << 20
"""Of a checkpoint, what is not numbers of tensors: some 30 KB are usual."""
_BLOCK_BYTES = 1 << 20
_MOST_NAMED = 5
_FILES = ("plans.json", "dataset.json", "dataset_fingerprint.json")
_IN_FOLD = re.compile(r"(?:^|/)fold_[^/]+/[^/]+\.pth$")
_FOLDS = frozenset(map(str, range(5)))


class NnUNetZipError(BundleError):
    """A zip that is not imported."""


@dataclass(frozen=True)
class NnUNetZip:
    """The one model in a zip that can be imported, while the zip is open."""

    path: Path
    plans: Mapping[str, Any]
    dataset: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    checkpoints: Mapping[int, SubmittedFile]
    """By fold."""
    left_out: tuple[str, ...]
    """Other configurations in the zip, by their names."""

    def take_out(self, fold: int, folder: Path, most_bytes: int) -> Path:
        """Copies the checkpoint of a fold, of at most `most_bytes`, into `folder`; what it claims to hold is there.

        Raises BundleError, and OSError for what cannot be written.
        """
        member = self.checkpoints[fold]
        if member.size_bytes > most_bytes:
            found, expected = f"{member.size_bytes} bytes", f"at most {most_bytes}, by the network of its plans"
            raise NnUNetZipError(self.path, [ModelFinding("file-too-large", member.name, found, expected)])
        target = folder / f"fold_{fold}.pth"
        try:
            with member.open() as packed, target.open("xb") as out:
                while block := packed.read(_BLOCK_BYTES):
                    out.write(block)
        except PackageError as error:
            raise _error(self.path, [error.finding]) from error
        self._check_archive(member.name, target)
        return target

    def _check_archive(self, name: str, path: Path) -> None:
        """A checkpoint is a zip itself. Packed, a few bytes of it could become as many as fill the memory."""
        size = path.stat().st_size
        listing = Listing(Bounds(entries=_BOUNDS.entries, file_bytes=size, total_bytes=size))
        try:
            with path.open("rb") as file:
                list_zip(ArchiveStream(file), size, listing)
        except PackageError as error:
            finding = error.finding
            reason = f"it is no checkpoint of torch, or a damaged one ({finding.what})"
            raise NnUNetZipError(self.path, [ModelFinding("checkpoint-refused", name, reason)]) from error
        files = listing.files()
        pickles = sum(file.size_bytes for file in files if file.name.endswith(".pkl"))
        if listing.findings or any(file.stored_at is None for file in files) or pickles > _MOST_PICKLE_BYTES:
            reason = "it is not packed as torch does it"
            raise NnUNetZipError(self.path, [ModelFinding("checkpoint-refused", name, reason)])


@contextmanager
def opened_zip(path: Path, checkpoint: str = CHECKPOINT) -> Iterator[NnUNetZip]:
    """Yields the one `3d_fullres` model in a zip, with the checkpoints of that name.

    Raises BundleError for an archive that is damaged or made to do harm, and for one without such a model or with two.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        found = str(path) if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        code = "package-missing" if isinstance(error, FileNotFoundError) else "package-unreadable"
        raise NnUNetZipError(path, [ModelFinding(code, found=found)]) from error
    with file:
        try:
            start = file.read(4)
            if start != b"PK\3\4":
                raise NnUNetZipError(path, [ModelFinding("no-nnunet-model", found="no zip")])
            listing = Listing(_BOUNDS)
            list_zip(ArchiveStream(file), path.stat().st_size, listing)
            files = {each.name: each for each in listing.files()}
            if listing.findings:
                raise _error(path, listing.findings)
            model = _model(path, files, checkpoint)
        except PackageError as error:
            raise _error(path, [error.finding]) from error
        except OSError as error:
            finding = ModelFinding("package-unreadable", found=error.strerror or str(error))
            raise NnUNetZipError(path, [finding]) from error
        yield model


def _model(path: Path, files: Mapping[str, SubmittedFile], checkpoint: str) -> NnUNetZip:
    planned = {str(PurePosixPath(name).parent) for name in files if PurePosixPath(name).name == _FILES[0]}
    # Plans lie in folders of predictions too. A folder of networks has folds, or is the only one.
    with_folds = {str(PurePosixPath(name).parents[1]) for name in files if _IN_FOLD.search(name)}
    folders = sorted(planned & with_folds or planned)
    if not folders:
        older = any(name.endswith(("plans.pkl", ".model.pkl")) for name in files)
        found = "plans.pkl, which nnU-Net v1 writes" if older else f"no {_FILES[0]}"
        raise NnUNetZipError(path, [ModelFinding("no-nnunet-model", found=found)])
    # A folder that was renamed may have one too: its checkpoint says so.
    chosen = [folder for folder in folders if _configuration(folder) == CONFIGURATION] or [
        folder for folder in folders if not _configuration(folder)
    ]
    if not chosen:
        found = ", ".join(sorted({_configuration(folder) for folder in folders})[:_MOST_NAMED])
        raise NnUNetZipError(path, [ModelFinding("configuration-foreign", found=found, expected=CONFIGURATION)])
    if len(chosen) > 1:
        raise NnUNetZipError(path, [ModelFinding("several-models", found=", ".join(chosen[:_MOST_NAMED]))])
    (folder,) = chosen
    inside = "" if folder == "." else f"{folder}/"
    missing = [name for name in _FILES if f"{inside}{name}" not in files]
    if missing:
        raise NnUNetZipError(path, [ModelFinding("member-missing", f"{inside}{name}") for name in missing])
    plans, dataset, fingerprint = (_table(path, files[f"{inside}{name}"]) for name in _FILES)
    others = {_configuration(each) or PurePosixPath(each).name for each in folders if each != folder}
    checkpoints = _checkpoints(path, files, inside, checkpoint)
    return NnUNetZip(path, plans, dataset, fingerprint, checkpoints, tuple(sorted(others)))


def _configuration(folder: str) -> str:
    """That of a model's folder, `TRAINER__PLANS__CONFIGURATION`; empty where it is named otherwise."""
    parts = PurePosixPath(folder).name.split("__")
    return parts[-1] if len(parts) > 2 else ""


def _checkpoints(
    path: Path, files: Mapping[str, SubmittedFile], inside: str, checkpoint: str
) -> dict[int, SubmittedFile]:
    pattern = re.compile(rf"{re.escape(inside)}fold_([^/]+)/([^/]+\.pth)")
    matches = [(match, file) for name, file in files.items() if (match := pattern.fullmatch(name))]
    found = {match[1]: file for match, file in matches if match[2] == checkpoint}
    if not found:
        others = sorted({match[2] for match, _ in matches})[:_MOST_NAMED]
        finding = ModelFinding("checkpoint-missing", inside, ", ".join(others), f"fold_N/{checkpoint}")
        raise NnUNetZipError(path, [finding])
    if not found.keys() <= _FOLDS:
        wrong = ", ".join(f"fold_{name}" for name in sorted(found.keys() - _FOLDS)[:_MOST_NAMED])
        raise NnUNetZipError(path, [ModelFinding("fold-foreign", inside, wrong)])
    return {int(name): found[name] for name in sorted(found)}


def _table(path: Path, member: SubmittedFile) -> dict[str, Any]:
    if member.size_bytes > MOST_JSON_BYTES:
        found, expected = f"{member.size_bytes} bytes", f"at most {MOST_JSON_BYTES}"
        raise NnUNetZipError(path, [ModelFinding("file-too-large", member.name, found, expected)])
    with member.open() as file:
        return json_table(path, member.name, file.read())


def _error(path: Path, findings: Sequence[Any]) -> NnUNetZipError:
    own = [ModelFinding(each.code, each.file, each.found, each.expected) for each in findings[:_MOST_NAMED]]
    return NnUNetZipError(path, own)
