"""Puts the counts of all methods on the same cases into arrays, with which all statistics begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import Problem, listed, raise_first, raise_if_any
from mswal_bench.benchmark.scoring.case_columns import CaseColumns, Integers, sound_columns
from mswal_bench.benchmark.scoring.cases_csv import Counts, read_counts
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.metrics.case import ClassCounts
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, Floats, divided, mean_of, pooled


@dataclass(frozen=True, eq=False)
class ScoreArrays:
    """Arrays are (method, case, class)."""

    methods: tuple[str, ...]
    cases: tuple[str, ...]
    """Sorted: what is drawn for a case depends on its place."""
    classes: tuple[str, ...]
    """Class keys."""
    dsc: Floats
    """NaN where a case has the class on neither side."""
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    fn: NDArray[np.int64]

    @property
    def f1_per_case(self) -> Floats:
        """NaN where a case has the class on neither side."""
        return divided((2 * self.tp).astype(np.float64), (2 * self.tp + self.fp + self.fn).astype(np.float64))

    @cached_property
    def dsc_ratios(self) -> CaseRatios:
        return mean_of(self.dsc)

    @cached_property
    def f1_ratios(self) -> CaseRatios:
        return pooled(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @cached_property
    def f1_per_case_ratios(self) -> CaseRatios:
        return mean_of(self.f1_per_case)


def arrays_of_scores(scores: Scores) -> ScoreArrays:
    """Puts scores into arrays.

    Raises BenchError when there is no scored case, and when the methods were not scored on the same cases, naming
    which.
    """
    counts = {name: method.counts for name, method in scores.items()}
    return arrays_of_counts(counts, tuple(lesion.key for lesion in scores.lesion_classes))


def arrays_of_counts(
    counts: Mapping[str, Mapping[str, Mapping[str, ClassCounts]]], classes: tuple[str, ...]
) -> ScoreArrays:
    """Puts counts, method -> case id -> class key -> counts, into arrays, in any order of the cases.

    Raises BenchError when there is no method, no case or no class, and when the methods were not scored on the same
    cases, naming which.
    """
    cases = tuple(sorted({case for of_method in counts.values() for case in of_method}))
    problems = [
        Problem(
            f"has no scores of {len(lacking)} of the cases that others have",
            method,
            found=listed(lacking),
            mend="`mswal-bench score` names what is wrong with these cases. Mend them, or rank without it.",
        )
        for method, of_method in counts.items()
        if (lacking := [case for case in cases if case not in of_method])
    ]
    if not cases or not classes:
        problems.append(Problem(f"there is no {'class' if cases else 'scored case'} to rank by"))
    raise_if_any(problems)
    rows = [[[counts[method][case][key] for key in classes] for case in cases] for method in counts]
    dsc = [[[of_class.dsc for of_class in case] for case in of_method] for of_method in rows]
    tp, fp, fn = (
        np.array([[[getattr(of_class, name) for of_class in case] for case in of_method] for of_method in rows], int)
        for name in ("tp", "fp", "fn")
    )
    return ScoreArrays(tuple(counts), cases, classes, np.array(dsc, np.float64), tp, fp, fn)


def read_score_arrays(files: Mapping[str, Path], classes: Sequence[str] | None = None) -> ScoreArrays:
    """Reads methods into arrays, each from its `cases.csv`.

    A file that holds one method is that method's whatever its rows call it; of several, the one of that name is taken.
    `classes` are the keys of the classes that every case has rows of; None for those that most cases have.

    Raises BenchError with every problem: a file that cannot be read or is no such table, a number that is none or that
    others contradict, a row twice, a class too many or too few, a method that is not in its file, methods that were not
    scored on the same cases.
    """
    return _arrays_of_columns(files, classes or ()) or _arrays_of_rows(files, classes)


def _arrays_of_columns(files: Mapping[str, Path], classes: Sequence[str]) -> ScoreArrays | None:
    """As `read_score_arrays`, column by column and without a row's objects; None where anything is wrong, and where
    the classes are still to be found out."""
    if not files:
        return None
    columns_of = {key: column for column, key in enumerate(classes)}
    cases: tuple[str, ...] = ()
    dsc, tp, fp, fn = arrays = _nothing_of(0, 0, 0)
    # Of one set of cases, the rows are mostly in the same order.
    last: tuple[Sequence[str], Sequence[str]] = (), ()
    order = np.empty((0, 0), np.int64)
    for place, (method, path) in enumerate(files.items()):
        columns = sound_columns(path)
        if columns is None or not set(columns.class_keys) <= columns_of.keys():
            return None
        of_method = _rows_of(method, columns)
        if len(of_method) < len(columns.methods) or (columns.cases, columns.class_keys) != last:
            names = [columns.cases[row] for row in of_method]
            cases = cases or tuple(sorted(set(names)))
            case_places = {case: row for row, case in enumerate(cases)}
            # Of a case and class there is no second row: with so many rows, none is lacking.
            if not names or set(names) != case_places.keys() or len(names) != len(cases) * len(columns_of):
                return None
            order = np.empty((len(cases), len(columns_of)), np.int64)
            rows = [case_places[name] for name in names], [columns_of[columns.class_keys[row]] for row in of_method]
            order[rows] = of_method
            last = (columns.cases, columns.class_keys) if len(of_method) == len(columns.methods) else ((), ())
        if not place:
            dsc, tp, fp, fn = arrays = _nothing_of(len(files), *order.shape)
        for of_all, of_rows in zip(arrays, (columns.dsc, *columns.counts[3:]), strict=True):
            of_all[place] = of_rows[order]
    return ScoreArrays(tuple(files), cases, tuple(classes), dsc, tp, fp, fn)


def _nothing_of(methods: int, cases: int, classes: int) -> tuple[Floats, Integers, Integers, Integers]:
    """Arrays of DSC, TP, FP and FN, to be filled: lists of a thousand methods' would take the memory twice."""
    shape = methods, cases, classes
    return np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.int64)


def _rows_of(method: str, columns: CaseColumns) -> Sequence[int]:
    """The places of the method's rows: all of a file that holds one method."""
    rows = range(len(columns.methods))
    return rows if len(set(columns.methods)) == 1 else [row for row in rows if columns.methods[row] == method]


def _arrays_of_rows(files: Mapping[str, Path], classes: Sequence[str] | None) -> ScoreArrays:
    read = {path: read_counts(path) for path in dict.fromkeys(files.values())}
    problems = []
    counts: Counts = {}
    for method, path in files.items():
        held = read[path]
        if len(held) == 1:
            counts[method] = next(iter(held.values()))
        elif method in held:
            counts[method] = held[method]
        else:
            problems.append(Problem("holds no rows of the method", str(path), method, listed(list(held))))
    raise_if_any(problems)
    return arrays_of_read_counts(counts, classes, {method: str(path) for method, path in files.items()})


def arrays_of_read_counts(
    counts: Counts, classes: Sequence[str] | None = None, where: Mapping[str, str] | None = None
) -> ScoreArrays:
    """Puts counts that were read into arrays; `where` names each method's file.

    Raises BenchError as `read_score_arrays` does.
    """
    having = Counter(tuple(of_case) for of_method in counts.values() for of_case in of_method.values())
    expected = tuple(classes) if classes is not None else having.most_common(1)[0][0] if having else ()
    problems = [
        Problem(
            f"the case {case} has other classes",
            (where or {}).get(method, method),
            listed(expected),
            listed(list(of_case)),
        )
        for method, of_method in counts.items()
        for case, of_case in of_method.items()
        if set(of_case) != set(expected)
    ]
    raise_first(problems)
    return arrays_of_counts(counts, expected)
