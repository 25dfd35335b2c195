"""Merges the scores of methods that were scored apart into those that one call on all of them gives."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.suggestions import apart, looks
from mswal_bench.benchmark.tables.escaping import unicode_name

from .saved_scores import load_scores
from .scores import Scores
from .scores_json import SCORES_FILE
from .table_files import write_tables


@dataclass(frozen=True)
class _Saved:
    """The scores in a folder, which is told in the words of the user."""

    where: str
    scores: Scores


def merge_scores(folders: Sequence[Path]) -> Scores:
    """Gives the scores in `folders`, which `Scores.save` wrote, as one: their methods in the order of the folders.

    Nothing is measured again, and saved they are the files that one call of `score_folders` on all the methods writes.
    A folder whose scores are not there or cannot be read costs itself: it is left out under its own name, with as much
    of its path as tells it from the others. The problems have the reason, and name what could not be scored at the
    time. NSD and HD95 that were measured of some methods alone stay theirs: a note says so, and tables have none.

    Raises BenchError, with everything that is wrong, where no folder has scores, and where what they have is no one
    table: a method twice, another protocol, track or reference, other cases.
    """
    if not folders:
        raise BenchError(Problem("no folder of scores is named"))
    raise_if_any(Problem("is a file", str(path), "a folder of scores") for path in folders if path.is_file())
    saved: list[_Saved] = []
    left_out: list[str] = []
    problems: list[Problem] = []
    for path, name in zip(folders, _names(folders), strict=True):
        try:
            of_folder = load_scores(path)
        except BenchError as error:
            left_out.append(name)
            problems += [replace(problem, mend=problem.mend or _meant(path)) for problem in error.problems]
            continue
        saved.append(_Saved(str(path), of_folder))
        left_out += of_folder.left_out
        problems += _left_out_before(path, of_folder)
    if not saved:
        raise BenchError(*problems)
    raise_if_any([*_same_methods(saved), *_of_another_kind(saved), *_other_cases(saved), *_other_references(saved)])
    first = saved[0].scores
    methods = {name: method for each in saved for name, method in each.scores.items()}
    merged = Scores(
        first.protocol,
        methods,
        # A track that is not known of all is not known of the table.
        first.track if all(each.scores.track == first.track for each in saved) else None,
        # Of several tries one may have gone well.
        tuple(name for name in dict.fromkeys(left_out) if name not in methods),
        problems=tuple(problems),
    )
    measured = [name for name, method in methods.items() if method.has_surfaces]
    if merged.has_details or not measured:
        return merged
    note = f"NSD and HD95 were measured of {listed(measured)} alone, so that the table has no details"
    return replace(merged, notes=(note,))


def merge_into(out: Path, folders: Sequence[Path]) -> Scores:
    """Merges as `merge_scores` does, and writes the files of the scores and their tables to the folder `out`.

    Raises BenchError as that does, where `out` is one of the folders, and when a file cannot be written.
    """
    here = [path for path in folders if path.resolve() == out.resolve()]
    mend = "Name another folder with --out."
    raise_if_any(
        Problem("the scores would be written over some that are merged", str(path), mend=mend) for path in here
    )
    scores = merge_scores(folders)
    scores.save(out)
    write_tables(scores, out)
    return scores


def _names(folders: Sequence[Path]) -> list[str]:
    """As much of the end of each path as tells it from the others: `nnunet`, or `nnunet/fold-all`."""
    # abspath: a link's own name is the one that the user chose.
    parts = [Path(os.path.abspath(path)).parts for path in folders]  # noqa: PTH100
    ends: list[str] = []
    for path in parts:
        length = 1
        while length < len(path) and sum(other[-length:] == path[-length:] for other in parts) > 1:
            length += 1
        ends.append(unicode_name("/".join(path[-length:])))
    return ends


def _meant(path: Path) -> str:
    """Asks about the folders in a folder that has no scores itself, such as the work folder of a run."""
    if (path / SCORES_FILE).exists():
        return ""
    inner = [str(file.parent) for file in sorted(path.glob(f"*/{SCORES_FILE}"))]
    return f"Did you mean {listed(inner, 4)}?" if inner else ""


def _left_out_before(path: Path, scores: Scores) -> Iterator[Problem]:
    """What one call on all methods would have told too, as far as the files have it."""
    for name in scores.left_out:
        yield Problem(f"{name} could not be scored", str(path))
    for name, method in scores.items():
        if method.failed:
            left_out = f"{len(method.failed)} of {len(scores.case_ids)} cases"
            yield Problem(f"{left_out} of {name} could not be scored: {listed(method.failed)}", str(path))


def _same_methods(saved: Sequence[_Saved]) -> Iterator[Problem]:
    times = Counter(looks(name) for each in saved for name in each.scores)
    for name in (name for name, count in times.items() if count > 1):
        where = [each.where for each in saved for of in each.scores if looks(of) == name]
        mend = "Name one of them, or score one from a folder of predictions under another name: a link will do."
        yield Problem(f"scores of one method, {name!r}", ", ".join(apart(where)), mend=mend)


def _of_another_kind(saved: Sequence[_Saved]) -> Iterator[Problem]:
    """Protocols and tracks other than the first one that is known."""
    first = saved[0]
    known = next((each for each in saved if each.scores.track is not None), first)
    for each in saved:
        if each.scores.protocol != first.scores.protocol:
            expected = f"{first.scores.protocol.id}, as in {first.where}"
            yield Problem("was scored under another protocol", each.where, expected, each.scores.protocol.id)
        if each.scores.track not in (None, known.scores.track):
            expected = f"{known.scores.track}, as in {known.where}"
            yield Problem("was scored on another track", each.where, expected, each.scores.track or "")


def _other_cases(saved: Sequence[_Saved]) -> Iterator[Problem]:
    first = saved[0]
    expected = set(first.scores.case_ids)
    for each in saved[1:]:
        cases = set(each.scores.case_ids)
        if cases == expected:
            continue
        lacking, more = sorted(expected - cases), sorted(cases - expected)
        told = [f"{kind} {listed(names)}" for kind, names in (("without", lacking), ("with", more)) if names]
        expected_text = f"the {len(expected)} of {first.where}"
        yield Problem("was scored on other cases", each.where, expected_text, f"{len(cases)}, {', '.join(told)}")


def _other_references(saved: Sequence[_Saved]) -> Iterator[Problem]:
    """Scores against other labels of the same names: a reference's voxels and lesions are as many for every method."""
    known: dict[str, tuple[str, Mapping[str, tuple[int, int]]]] = {}
    for each in saved:
        differing: dict[str, list[str]] = {}
        for method in each.scores.values():
            for case, classes in method.counts.items():
                of_case = {key: (counts.reference_voxels, counts.tp + counts.fn) for key, counts in classes.items()}
                where, expected = known.setdefault(case, (each.where, of_case))
                if of_case.keys() == expected.keys() and of_case != expected:
                    differing.setdefault(where, []).append(case)
        for where, cases in differing.items():
            what = f"was scored against other labels than {where}, in {listed(list(dict.fromkeys(cases)))}"
            yield Problem(what, each.where)
