"""Finds a case's image and reference label map, in a data set or a folder of label maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.benchmark.data.dataset import Dataset, open_dataset
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of, protocol_of_label_maps

from .shown_methods import ShownMethod, prediction_of

_NAME_IT = "Name the data set with --data, or a folder of label maps with --reference."


@dataclass(frozen=True)
class CaseReference:
    """Names the files that predictions of a case are compared with."""

    label: Path
    image: Path | None
    """Is None for a folder of label maps, which has no images."""
    protocol: Protocol
    """Is that of the data set, or of the `dataset.json` of a folder of label maps; without one `mswal/1`."""


def case_reference(case: str, data: Path | None, labels: Path | None, methods: Sequence[ShownMethod]) -> CaseReference:
    """Finds the case in the data set `data` or in the folder `labels`; without either, in the data set of the runs.

    Raises BenchError when the case is not there or has no label map, when a run is of another data set, and for labels
    that cannot be scored.
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
        raise BenchError(Problem(what, str(dataset.root), "a folder labelsTs", mend="Choose a case that has one."))
    return CaseReference(found.label, found.image, protocol_of(dataset))


def _of_label_maps(folder: Path, case: str) -> CaseReference:
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise BenchError(Problem(what, str(folder), "a folder of label maps"))
    return CaseReference(prediction_of(folder, case, "label map"), None, protocol_of_label_maps(folder))


def _data_of_runs(methods: Sequence[ShownMethod]) -> Path:
    """Returns the data set that the runs were trained on.

    A run of nnU-Net has a link to its data set in its folder; runs of other methods do not say where theirs is.
    """
    links = {method.work: Workspace(method.work / "nnunet").raw for method in methods if method.work is not None}
    roots = sorted({link.resolve() for link in links.values() if link.is_dir()})
    if not roots:
        what = "nothing says which data set the case belongs to"
        raise BenchError(Problem(what, ", ".join(map(str, links)), mend=_NAME_IT))
    if len(roots) > 1:
        what = "the runs are of several data sets"
        raise BenchError(Problem(what, "", "one data set", ", ".join(map(str, roots)), _NAME_IT))
    return roots[0]


def _other_data(dataset: Dataset, methods: Sequence[ShownMethod]) -> list[Problem]:
    return [
        Problem(
            "the run is of another data set, or of another split of it",
            str(method.work),
            f"{dataset.name} ({dataset.split.digest})",
            f"{method.record.identity.dataset} ({method.record.identity.split_digest})",
            "Name the data set that it was trained on with --data, or leave the run out.",
        )
        for method in methods
        if method.record is not None and method.record.identity.split_digest != dataset.split.digest
    ]
