"""Makes a model bundle of the zip of `nnUNetv2_export_model_to_zip`. Imports torch only to read checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import metadata
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mswal_bench.baselines.checkpoint_reading import CheckpointError
from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import Budget, Method, MethodError
from mswal_bench.baselines.nnunet.foreign_plans import ForeignModelError, foreign_documents, network_class
from mswal_bench.baselines.nnunet.foreign_trainers import TRAINERS_OF_PLANNED_NETWORKS
from mswal_bench.baselines.nnunet.plans import CONFIGURATION
from mswal_bench.baselines.nnunet.portable_model import PortableNnUNet
from mswal_bench.baselines.portable import Documents
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.core.whole_files import not_written, require_unicode
from mswal_bench.benchmark.core.wrong_values import wrong_values
from mswal_bench.benchmark.data.lesion_classes import classes_of
from mswal_bench.benchmark.runs.method_choice import chosen_method, require_training_packages

from .bundle import Bundle
from .bundle_form import About, BundleForm, Imported, TrainingData
from .export_model import Parts, refuse_name, write_bundle
from .findings_catalogue import ModelFinding
from .nnunet_zip import CHECKPOINT, NnUNetZip, NnUNetZipError, opened_zip
from .notice import NOTICE

if TYPE_CHECKING:
    from torch import Tensor

    from mswal_bench.baselines.nnunet.model_folder import OwnCheckpoint

_MOST_FAULTS = 5
_FLOAT_BYTES = 4
_WITH_OPTIMIZER = 4
"""A checkpoint holds a network, and of its optimizer one or two numbers more for each of its own; this is one more."""
_BESIDE_BYTES = 64 << 20


@dataclass(frozen=True)
class ImportedModel:
    """A bundle that was made of a zip."""

    bundle: Bundle
    trainer: str
    left_out: tuple[str, ...]
    """Other configurations in the zip."""


@dataclass(frozen=True)
class _Read:
    """What the checkpoints say, by fold."""

    checkpoints: Mapping[int, OwnCheckpoint]
    digests: Mapping[int, str]
    names: Mapping[str, str]
    """Every name in the planned network's state, and the first of the same tensor."""
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def any(self) -> OwnCheckpoint:
        return next(iter(self.checkpoints.values()))


def import_model(
    source: Path,
    out: Path,
    *,
    checkpoint: str = CHECKPOINT,
    trainer: str | None = None,
    about: About | None = None,
    progress: bool = False,
) -> ImportedModel:
    """Writes the `3d_fullres` model in the zip `source` to the bundle `out`, whole or not at all.

    `checkpoint` names the file of each fold, and `trainer` one beside nnU-Net's own of which the caller knows that it
    trains the network of the plans as it is.

    Raises BenchError for a zip that is not sound, for a model that no method here can predict with, for a checkpoint
    that holds more than tensors, plain values and numbers of NumPy, and for what cannot be written.
    """
    require_unicode(source, out)
    refuse_name(out)
    with opened_zip(source, checkpoint) as archive:
        documents = _documents(archive, ())
        chosen, portable = _method(archive, documents)
        require_training_packages(chosen)
        _refuse_faults(archive, portable, documents)
        classes_of(documents["dataset"]["labels"], f"{source}: dataset.json")
        try:
            with scratch_folder(out.absolute().parent) as scratch:
                read = _read(archive, portable, documents, scratch, progress)
                _refuse_other_training(archive, read, trainer)
                # With the flips, which the checkpoints alone know.
                documents = _documents(archive, read.any.mirroring_axes)
                _refuse_faults(archive, portable, documents)
                form = _form(archive, chosen, documents, read, about or About())
                parts = Parts(form, documents, partial(_weights, archive, read))
                bundle = write_bundle(parts, out, progress=progress)
        except OSError as error:
            raise BenchError(not_written(error, out)) from error
    return ImportedModel(bundle, read.any.trainer, archive.left_out)


def _documents(archive: NnUNetZip, mirroring_axes: tuple[int, ...]) -> Documents:
    try:
        return foreign_documents(archive.plans, archive.dataset, archive.fingerprint, mirroring_axes)
    except ForeignModelError as error:
        finding = ModelFinding(error.code, error.file, error.found, error.expected)
        raise NnUNetZipError(archive.path, [finding]) from error


def _method(archive: NnUNetZip, documents: Documents) -> tuple[Method, PortableNnUNet]:
    """The method that plans the network: one whose network nnU-Net builds by itself."""
    own = {
        each.portable.network_class.rpartition(".")[2]: (each.name, each.portable)
        for each in METHODS.values()
        if isinstance(each.portable, PortableNnUNet) and each.portable.is_nnunets_own
    }
    planned = network_class(documents)
    if planned not in own:
        finding = ModelFinding("plans-foreign", "plans.json", f"the network {planned[:60]!a}", " or ".join(own))
        raise NnUNetZipError(archive.path, [finding])
    name, portable = own[planned]
    return chosen_method(name), portable


def _refuse_faults(archive: NnUNetZip, portable: PortableNnUNet, documents: Documents) -> None:
    faults = portable.faults(documents, None)
    if faults:
        found = [ModelFinding("plans-foreign", found=fault) for fault in faults[:_MOST_FAULTS]]
        raise NnUNetZipError(archive.path, found)


def _read(archive: NnUNetZip, portable: PortableNnUNet, documents: Documents, scratch: Path, progress: bool) -> _Read:
    """Reads the checkpoint of every fold; its tensors stay in `scratch`."""
    shapes, names = _network(archive, portable, documents, scratch / "model")

    from mswal_bench.baselines.nnunet.model_folder import read_own_checkpoint

    numbers = sum(map(prod, shapes.values()))
    most_bytes = _WITH_OPTIMIZER * _FLOAT_BYTES * numbers + _BESIDE_BYTES
    checkpoints, digests = {}, {}
    with progress_bar("read", "fold", shown=progress) as report:
        for done, (fold, member) in enumerate(archive.checkpoints.items()):
            report(done, len(archive.checkpoints), f"fold {fold}")
            path = archive.take_out(fold, scratch, most_bytes)
            digests[fold] = file_digest(path)
            with _refused(archive, member.name):
                checkpoints[fold] = read_own_checkpoint(path)
    return _Read(checkpoints, digests, names, shapes)


def _network(
    archive: NnUNetZip, portable: PortableNnUNet, documents: Documents, work: Path
) -> tuple[Mapping[str, tuple[int, ...]], Mapping[str, str]]:
    """The shapes and the names of the planned network's tensors; `work` is a new folder."""
    portable.lay_out(documents, work)
    try:
        return portable.shapes(work), portable.names(work)
    except Exception as error:
        # Plans whose numbers do not fit each other meet every kind of error. A full memory is none of the plans'.
        told = as_method_error(error)
        if told is not None:
            raise BenchError(Problem(str(told).removesuffix("."), str(archive.path))) from error
        finding = ModelFinding("plans-foreign", "plans.json", f"the network cannot be built ({type(error).__name__})")
        raise NnUNetZipError(archive.path, [finding]) from error


@contextmanager
def _refused(archive: NnUNetZip, name: str) -> Iterator[None]:
    """While inside, what is wrong with the checkpoint of that name in the zip is told of it."""
    try:
        yield
    except CheckpointError as error:
        raise NnUNetZipError(archive.path, [ModelFinding("checkpoint-refused", name, f"it {error.reason}")]) from error
    except MethodError as error:
        raise BenchError(Problem(str(error).removesuffix("."), str(archive.path))) from error


def _refuse_other_training(archive: NnUNetZip, read: _Read, allowed: str | None) -> None:
    findings = []
    for fold, each in read.checkpoints.items():
        name = archive.checkpoints[fold].name
        if each.configuration != CONFIGURATION:
            findings.append(ModelFinding("configuration-foreign", name, each.configuration[:60], CONFIGURATION))
        if each.trainer not in TRAINERS_OF_PLANNED_NETWORKS and each.trainer != allowed:
            findings.append(ModelFinding("trainer-foreign", name, each.trainer[:60], "one of nnU-Net's that do"))
    first = read.any
    if not findings and any(
        (each.trainer, each.mirroring_axes) != (first.trainer, first.mirroring_axes)
        for each in read.checkpoints.values()
    ):
        findings.append(ModelFinding("folds-differ", found="other trainers or flips"))
    if findings:
        raise NnUNetZipError(archive.path, findings[:_MOST_FAULTS])


def _weights(archive: NnUNetZip, read: _Read, fold: int) -> Mapping[str, Tensor]:
    with _refused(archive, archive.checkpoints[fold].name):
        return read.checkpoints[fold].weights(read.names, read.shapes)


def _form(archive: NnUNetZip, method: Method, documents: Documents, read: _Read, about: About) -> BundleForm:
    data = documents["dataset"]
    cases = archive.dataset.get("numTraining")
    epochs = {each.epochs for each in read.checkpoints.values()}
    trainer = read.any.trainer
    try:
        return BundleForm(
            notice=NOTICE,
            version=metadata.version("mswal-bench"),
            method=method.name,
            title=method.title,
            publication=method.publication,
            card=asdict(replace(method.card, differences=tuple(_differences(archive, method, documents, trainer)))),
            settings=dict(method.settings(Budget.PAPER)),
            budget=Budget.PAPER,
            run=None,
            imported=Imported(source=f"nnU-Net v2: {trainer}, {CONFIGURATION}", checkpoints=dict(read.digests)),
            data=TrainingData(
                name=data["name"],
                cases=cases if type(cases) is int and cases > 0 else None,
                split_digest=None,
                labels=data["labels"],
                file_ending=data["file_ending"],
            ),
            precision="float32",
            parameters=1,
            epochs=epochs.pop() if len(epochs) == 1 else None,
            folds=sorted(read.checkpoints),
            about=about,
            members={},
        )
    except ValidationError as error:
        raise NnUNetZipError(archive.path, [ModelFinding("plans-foreign", found=wrong_values(error))]) from error


def _differences(archive: NnUNetZip, method: Method, documents: Documents, trainer: str) -> list[str]:
    """In which it is, or may be, another than what `method` trains."""
    planner, own = documents["plans"]["experiment_planner_used"], method.settings(Budget.PAPER)["planner"]
    told = [f"It was trained by nnU-Net itself ({trainer}), and imported: what else was set is not known."]
    if planner != own:
        told.append(f"It was planned by {planner}, not by {own}.")
    if archive.left_out:
        names = ", ".join(archive.left_out)
        told.append(f"It came with other configurations ({names}), which are not in this bundle.")
    told.append("A post-processing that nnU-Net may have found for it is not applied.")
    return told
