"""Writes a run's trained method as a model bundle: one file that others can check, and predict with."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import Budget, MethodError
from mswal_bench.baselines.portable import Portable
from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.core.whole_files import not_written, require_unicode, whole_file
from mswal_bench.benchmark.runs.finished_goals import finished_goals
from mswal_bench.benchmark.runs.method_choice import require_training_packages
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_record import read_run_record
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.saved_scores import load_scores
from mswal_bench.benchmark.scoring.scores_json import SCORES_FILE

from .bundle import ENDING, Bundle, read_bundle
from .bundle_form import (
    CARD_MEMBER,
    FORM_MEMBER,
    About,
    BundleForm,
    GoalScores,
    Member,
    TrainingData,
    document_member,
    weights_member,
)
from .model_card import model_card
from .notice import NOTICE
from .trained_model import RunModel, TrainedModel, open_run

if TYPE_CHECKING:
    from torch import Tensor

_RESAMPLES, _SEED = 10_000, 0
"""Of the intervals: as the board draws them."""
_ALIGNED_BYTES = 64
"""Weights begin at a multiple of this, for they are mapped where they lie."""
_PADDING_FIELD, _ZIP64_BYTES, _LOCAL_BYTES = 0xD935, 20, 30
_COPIED_BYTES = 1 << 22


@dataclass(frozen=True)
class Parts:
    """What a bundle is written from."""

    form: BundleForm
    """Without its members, and with a network's numbers not counted yet."""
    documents: Mapping[str, object]
    weights: Callable[[int], Mapping[str, Tensor]]
    """The tensors of a fold's network."""


def export_model(
    work: Path,
    out: Path,
    *,
    folds: Sequence[int] | None = None,
    half: bool = False,
    about: About | None = None,
    progress: bool = False,
) -> Bundle:
    """Writes the method that the run in `work` has trained to the bundle `out`, whole or not at all.

    `folds` are those to put in; None is all that are trained to their end. With `half` the weights are stored as
    float16, but for those of normalisations and biases. Raises BenchError for a folder without a trained method, for a
    method that cannot be handed on, for a name that does not end in `.mswal`, and for what cannot be written.
    """
    require_unicode(work, out)
    refuse_name(out)
    model = open_run(work, folds)
    require_training_packages(model.method)
    portable = _portable(model)
    try:
        documents = portable.documents(work, model.folds, Budget(model.identity.budget))
    except MethodError as error:
        raise BenchError(Problem(str(error).removesuffix("."), str(work))) from error
    parts = Parts(
        _form(model, work, half=half, about=about or About()), documents, lambda fold: portable.weights(work, fold)
    )
    return write_bundle(parts, out, progress=progress)


def write_bundle(parts: Parts, out: Path, *, progress: bool = False) -> Bundle:
    """Writes a bundle, whole or not at all, and reads it back. Raises BenchError."""
    form = parts.form
    try:
        with scratch_folder(out.absolute().parent) as scratch, whole_file(out) as partial:
            members, numbers = {}, 0
            for name, document in parts.documents.items():
                member = scratch / document_member(name)
                member.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
                members[member.name] = member
            with progress_bar("export", "fold", shown=progress) as report, ZipFile(partial, "w") as archive:
                listed: dict[str, Member] = {}
                for done, fold in enumerate(form.folds):
                    report(done, len(form.folds), f"fold {fold}")
                    member = scratch / weights_member(fold)
                    numbers = _save(parts.weights(fold), member, half=form.precision == "float16")
                    listed[member.name] = _add(archive, member)
                    # Each may be hundreds of megabytes.
                    member.unlink()
                form = form.model_copy(update={"parameters": numbers})
                card = scratch / CARD_MEMBER
                card.write_text(model_card(form, out.name.removesuffix(ENDING)), encoding="utf-8")
                for member in (*members.values(), card):
                    listed[member.name] = _add(archive, member)
                whole = scratch / FORM_MEMBER
                text = form.model_copy(update={"members": listed}).model_dump_json(indent=1) + "\n"
                whole.write_text(text, encoding="utf-8")
                _add(archive, whole)
            read_bundle(partial, digests=False)
    except OSError as error:
        raise BenchError(not_written(error, out)) from error
    except RuntimeError as error:
        told = as_method_error(error)
        if told is None:
            raise
        raise BenchError(Problem(str(told).removesuffix("."), str(out))) from error
    return read_bundle(out, digests=False)


def refuse_name(out: Path) -> None:
    """Raises BenchError for a path that no bundle can have."""
    if not out.name.endswith(ENDING) or out.name == ENDING:
        raise BenchError(Problem("is no name of a model bundle", str(out), f"NAME{ENDING}"))
    if out.is_dir():
        raise BenchError(Problem("is a folder", str(out), "a file for the bundle"))


def _portable(model: TrainedModel) -> Portable:
    portable = model.method.portable
    if portable is None:
        mend = "It predicts from the work folder of its run alone."
        raise BenchError(Problem(f"{model.method.name} cannot be handed on as a bundle", mend=mend))
    return portable


def _form(model: RunModel, work: Path, *, half: bool, about: About) -> BundleForm:
    state = RunFolder(work).state()
    trained_on = model.trained_on
    data = {
        "name": model.identity.dataset,
        "cases": len(trained_on.cases),
        "split_digest": model.identity.split_digest,
        "labels": trained_on.labels,
        "file_ending": trained_on.file_ending,
    }
    return BundleForm(
        notice=NOTICE,
        version=metadata.version("mswal-bench"),
        method=model.method.name,
        title=model.method.title,
        publication=model.method.publication,
        card=asdict(model.method.card),
        settings=dict(model.method.settings(Budget(model.identity.budget))),
        budget=Budget(model.identity.budget),
        run=model.identity,
        data=TrainingData.model_validate(data),
        precision="float16" if half else "float32",
        parameters=1,
        epochs=model.method.epochs(Budget(model.identity.budget)),
        folds=list(model.folds),
        training={fold: state.training[fold] for fold in model.folds},
        statistics_batches=model.statistics_batches(),
        environments={
            session.environment: state.environments[session.environment]
            for fold in model.folds
            for session in state.training[fold]
        },
        scores=_scores(work, model.folds),
        about=about,
        members={},
    )


def _scores(work: Path, folds: Sequence[int]) -> list[GoalScores]:
    """What the run's finished goals scored, of those whose networks are all in the bundle."""
    scored = []
    for path in finished_goals(work):
        record = read_run_record(path)
        if record.scores is None or not (path.parent / SCORES_FILE).exists() or not set(record.folds) <= set(folds):
            continue
        scores = load_scores(path.parent)
        (method,) = scores.values()
        classes, average, bootstrap = estimates(method, resamples=_RESAMPLES, seed=_SEED)
        scored.append(
            GoalScores(
                track=record.track,
                folds=record.folds,
                cases=record.scores.cases,
                protocol=record.scores.protocol,
                classes=classes,
                average=average,
                bootstrap=bootstrap,
            )
        )
    return scored


def _save(weights: Mapping[str, Tensor], path: Path, *, half: bool) -> int:
    """Writes tensors as safetensors; gives how many numbers they hold."""
    import torch
    from safetensors.torch import save_file

    stored = {}
    for name, tensor in weights.items():
        kept = tensor.detach().contiguous()
        if kept.is_floating_point():
            # Normalisations and biases are next to nothing in size, and their range may be wide.
            kept = kept.to(torch.float16 if half and kept.dim() > 1 else torch.float32)
            if not torch.isfinite(kept).all():
                mend = "Export it without --half." if half else "Its training has diverged: train it again."
                raise BenchError(Problem(f"the weights {name} are not finite in {kept.dtype}", path.stem, mend=mend))
        stored[name] = kept
    save_file(stored, path)
    return sum(tensor.numel() for tensor in stored.values())


def _add(archive: ZipFile, path: Path) -> Member:
    """Puts a file into the archive: weights as they are, at a place that fits a map, all else packed."""
    is_weights = path.name.endswith(".safetensors")
    # Without the time of day: the same training makes the same bundle.
    info = ZipInfo(path.name)
    info.compress_type = ZIP_STORED if is_weights else ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    if is_weights:
        start = archive.start_dir + _LOCAL_BYTES + len(path.name) + struct.calcsize("<2H") + _ZIP64_BYTES
        padding = -start % _ALIGNED_BYTES
        info.extra = struct.pack("<2H", _PADDING_FIELD, padding) + bytes(padding)
    with path.open("rb") as source, archive.open(info, "w", force_zip64=is_weights) as target:
        shutil.copyfileobj(source, target, _COPIED_BYTES)
    return Member(bytes=path.stat().st_size, digest=file_digest(path))
