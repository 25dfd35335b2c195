"""Sums up the HU of each lesion type, and what nnU-Net's normalisation makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from pathlib import Path

import numpy as np

from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.data.dataset import Case, open_dataset
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1, Protocol

from .case_intensities import CaseIntensities, measure_intensities
from .dataset_statistics import require_mswal
from .normalisation import VERSIONS, Normalisation, Version, normalisation, quantile_hu


@dataclass(frozen=True)
class ClassIntensity:
    """Holds the HU of one lesion type; numbers are NaN without such a lesion."""

    voxels: int
    lesions: int
    hu: tuple[float, float, float]
    """Are the 5th, 50th and 95th percentile of its voxels."""
    surroundings_hu: float
    """Is the median over its lesions of what their surroundings have."""
    contrast_hu: float
    """Is the median over its lesions of a lesion's own median less that of its surroundings."""
    clipped: Mapping[Version, float]
    """Is the share of its voxels that a normalisation clips."""
    contrast_sd: Mapping[Version, float]
    """Is `contrast_hu` in standard deviations of a normalisation, as a network sees it."""


@dataclass(frozen=True, eq=False)
class Intensities:
    """Holds the intensities of the training cases of a data set."""

    cases: tuple[CaseIntensities, ...]
    """Are sorted by id."""
    normalisations: Mapping[Version, Normalisation]
    classes: Mapping[str, ClassIntensity]
    """Maps class keys to intensities, in the protocol's order."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Returns everything that is wrong with the files of cases that are left out."""
        return tuple(problem for case in self.cases for problem in case.problems)


def dataset_intensities(root: Path, *, jobs: int | None = None, progress: bool = False) -> Intensities:
    """Measures image and label map of every training case, from which nnU-Net takes its normalisation.

    Raises BenchError for a folder that is no data set, that has other labels than MSWAL's, and when no lesion can be
    measured.
    """
    dataset = open_dataset(root)
    require_mswal(dataset)
    training = list(dataset.train.values())
    found: dict[str, CaseIntensities] = {}
    with progress_bar("intensities", "case", shown=progress) as report:
        do = partial(measure_intensities, protocol=MSWAL_1)
        for case in worked_on(training, do, lost=_lost, jobs=jobs or cores()):
            found[case.case] = case
            report(len(found), len(training), "")
    return summarise_intensities([found[case.id] for case in training], MSWAL_1)


def summarise_intensities(cases: Sequence[CaseIntensities], protocol: Protocol) -> Intensities:
    """Sums up what was measured. Raises BenchError when no lesion was."""
    made = {version: normalisation(cases, version) for version in VERSIONS}
    known = {version: of for version, of in made.items() if of is not None}
    if not known:
        problems = [problem for case in cases for problem in case.problems]
        raise BenchError(*(problems or [Problem("no training case has a lesion whose intensity can be measured")]))
    classes = {lesion.key: _of_class(cases, lesion.id, known) for lesion in protocol.lesion_classes}
    return Intensities(tuple(cases), known, classes)


def _of_class(cases: Sequence[CaseIntensities], class_id: int, made: Mapping[Version, Normalisation]) -> ClassIntensity:
    histograms = [case.histograms[class_id] for case in cases if class_id in case.histograms]
    lesions = [lesion for case in cases for lesion in case.lesions if lesion.class_id == class_id]
    if not histograms:
        nothing = dict.fromkeys(made, nan)
        return ClassIntensity(0, 0, (nan, nan, nan), nan, nan, nothing, nothing)
    pooled = np.sum(histograms, axis=0)
    surrounded = [lesion for lesion in lesions if not np.isnan(lesion.surroundings_hu)]
    around = float(np.median([lesion.surroundings_hu for lesion in surrounded])) if surrounded else nan
    contrast = float(np.median([lesion.contrast_hu for lesion in surrounded])) if surrounded else nan
    return ClassIntensity(
        int(pooled.sum()),
        len(lesions),
        (quantile_hu(pooled, 0.05), quantile_hu(pooled, 0.5), quantile_hu(pooled, 0.95)),
        around,
        contrast,
        {version: of.clipped_share(pooled) for version, of in made.items()},
        # Lesions of one HU alone have no deviation.
        {version: contrast / of.deviation if of.deviation else nan for version, of in made.items()},
    )


def _lost(case: Case) -> CaseIntensities:
    what = "its process was ended from outside, most often for lack of memory"
    return CaseIntensities(case.id, {}, problems=(Problem(what, str(case.image), mend="Count with fewer --jobs."),))
