"""Finds a case's image and reference label map, in a data set or a folder of label maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.benchmark.data.dataset import Dataset, open_dataset
from mswal_bench.benchmark.data.protocol import MSWAL_1, Protocol, protocol_of

from .shown_methods import ShownMethod, prediction_of

_NAME_IT = "Name it with --data, or a folder of label maps with --reference."


@dataclass(frozen=True)
class CaseReference:
    """The files that predictions of a case are held against."""

    label: Path
    image: Path | None
    """None where there are only label maps."""
    protocol: Protocol
    """Of MSWAL for label maps alone."""


def case_reference(case: str, data: Path | None, labels: Path | None, methods: Sequence[ShownMethod]) -> CaseReference:
    """The case in the data set `data`, or in the folder `labels`; without either, in the data set of the runs.

    Raises BenchError when it is not there or has no label map, and when a run is of another data set.
    """
    if labels is not None:
        return _of_label_maps(labels, case)
    dataset = open_dataset(data if data is not None else _data_of_runs(methods))
    raise_if_any(_other_data(dataset, methods))
    found = dataset.train.get(case) or dataset.test.get(case)
    if found is None:
        known = listed([*dataset.test, *dataset.train])
        mend = did_you_mean(case, [*dataset.test, *dataset.train])
        raise BenchError(Problem(f"has no case {case!r}", str(dataset.root), f"one of {known}", mend=mend))
    if found.label is None:
        what = f"has no label map of the case {case}"
        raise BenchError(Problem(what, str(dataset.root), "a folder labelsTs", mend="Show one that has a reference."))
    return CaseReference(found.label, found.image, protocol_of(dataset))


def _of_label_maps(folder: Path, case: str) -> CaseReference:
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise BenchError(Problem(what, str(folder), "a folder of label maps"))
    return CaseReference(prediction_of(folder, case, "label map"), None, MSWAL_1)


def _data_of_runs(methods: Sequence[ShownMethod]) -> Path:
    """nnU-Net reads a run's data set through a link in the run's folder; other methods keep no trace of where it is."""
    links = {method.work: Workspace(method.work / "nnunet").raw for method in methods if method.work is not None}
    roots = sorted({link.resolve() for link in links.values() if link.is_dir()})
    if not roots:
        what = "it is not known in which data set the case is"
        raise BenchError(Problem(what, ", ".join(map(str, links)), mend=_NAME_IT))
    if len(roots) > 1:
        what = "the runs are of several data sets"
        raise BenchError(Problem(what, "", "one", ", ".join(map(str, roots)), _NAME_IT))
    return roots[0]


def _other_data(dataset: Dataset, methods: Sequence[ShownMethod]) -> list[Problem]:
    return [
        Problem(
            "the run is of another data set, or of another split of it",
            str(method.work),
            f"{dataset.name} ({dataset.split.digest})",
            f"{method.record.identity.dataset} ({method.record.identity.split_digest})",
            "Name the data set that it was trained on with --data.",
        )
        for method in methods
        if method.record is not None and method.record.identity.split_digest != dataset.split.digest
    ]
