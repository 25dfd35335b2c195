"""Holds rankings with what they are of, and writes them: for the terminal, Markdown, CSV, JSON or as a frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any, Literal, overload

from pydantic import TypeAdapter
from tabulate import tabulate

from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.benchmark.tables.escaping import markdown_text
from mswal_bench.benchmark.tables.notebook import notebook_html, plain_view
from mswal_bench.benchmark.tables.terminal import terminal_width
from mswal_bench.benchmark.tables.terminal_letters import as_printed
from mswal_bench.benchmark.tables.view import UNDEFINED, TableView, Title, percent
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table
from mswal_bench.metrics.resampling.bootstrap import FEWEST_CASES

from .ordered_methods import OrderedMethods, RankedMethod, TestedPair

if TYPE_CHECKING:
    import pandas

RankingFormat = Literal["table", "markdown", "csv", "json"]

_NUMBERS = {"dsc": "DSC", "f1": "F1", "mean": "mean of DSC and F1 per case", "case_rank": "mean rank over the cases"}
_RANKED_BY = {
    "mean-rank": "the mean of the ranks of Avg. DSC and of Avg. F1",
    "dsc": "Avg. DSC",
    "f1": "Avg. F1",
    "mean-then-rank": "the mean of all cases' DSC and F1",
    "rank-then-mean": "the mean over the cases of the ranks by DSC and by F1 on each",
}
_TOLD_FROM = 0.005
"""A rank that is drawn less often is not told."""
_NO_FRACTIONS = frozenset({"track", "status", "protocol", "left_out", "comparable", "scheme", "method", "next"})
"""The columns of `to_frame` that hold names and counts."""


@dataclass(frozen=True)
class Ranking(Mapping[str, RankedMethod]):
    """Methods in order, what was ranked, and by which rules: `ranking["nnunet-v2"].rank`.

    A mapping from a method's name to its place, best first.

    Printed, it is the table of `mswal-bench rank`; in a notebook it is one in HTML.
    """

    ranking: OrderedMethods
    protocol: str | None = None
    """None where the source does not say, as for `track` and `status`."""
    track: str | None = None
    status: str | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Case ids that could not be scored of every method; with any of them it compares with no other ranking."""

    @property
    def methods(self) -> tuple[RankedMethod, ...]:
        """Best first, equal ones by name, those without a rank last."""
        return self.ranking.methods

    def __getitem__(self, method: str) -> RankedMethod:
        """One method's place. Raises KeyError for one that is not ranked."""
        for each in self.methods:
            if each.method == method:
                return each
        raise KeyError(f"there is no method {method!r}: ranked are {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return (each.method for each in self.methods)

    def __len__(self) -> int:
        return len(self.methods)

    def to_frame(self) -> pandas.DataFrame:
        """A row a method, best first, as in the CSV of `mswal-bench rank`: fractions, NaN where undefined."""
        return Rankings((self,)).to_frame()

    def __str__(self) -> str:
        return str(Rankings((self,)))

    def _repr_html_(self) -> str:
        return Rankings((self,))._repr_html_()


@dataclass(frozen=True)
class Rankings(Sequence[Ranking]):
    """The rankings of a results folder, track by track: what does not compare is ranked apart."""

    rankings: tuple[Ranking, ...]

    @overload
    def __getitem__(self, index: int) -> Ranking: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Ranking, ...]: ...
    def __getitem__(self, index: int | slice) -> Ranking | tuple[Ranking, ...]:
        return self.rankings[index]

    def __len__(self) -> int:
        return len(self.rankings)

    def __iter__(self) -> Iterator[Ranking]:
        return iter(self.rankings)

    def to_frame(self) -> pandas.DataFrame:
        """A row a ranking and method, as in the CSV of `mswal-bench rank`: fractions, NaN where undefined."""
        import pandas

        heads, *rows = ranking_rows(self.rankings)
        frame = pandas.DataFrame(rows, columns=heads)
        # An undefined number, None, would make a column one of objects.
        return frame.astype({head: float for head in heads if head not in _NO_FRACTIONS})

    def __str__(self) -> str:
        return as_printed(format_rankings(self.rankings, "table", width=terminal_width()))

    def _repr_html_(self) -> str:
        return notebook_html(*(view for ranking in self.rankings for view in ranking_views(ranking)))


def format_rankings(rankings: Sequence[Ranking], style: RankingFormat, *, width: int | None = None) -> str:
    """Writes all rankings, without a newline at the end. Tables are in percent; CSV and JSON hold fractions.

    What does not fit into `width` characters side by side in the terminal's table comes below.
    """
    if style == "json":
        return TypeAdapter(list[Ranking]).dump_json(list(rankings), indent=2).decode()
    if style == "csv":
        return _csv(rankings)
    return "\n\n".join(_text(titled, style, width) for titled in rankings)


def ranking_views(titled: Ranking) -> list[TableView]:
    """The same tables laid out for HTML: the ranking and, of three methods or more, the significance maps."""
    heads, rows = _ranking(titled)
    views = [_view(heads, rows, _notes(titled), Title(_title(titled), "", label=""))]
    for number, name in _maps(titled):
        views.append(_view(*_map(titled.ranking, number), (), Title(f"Significance map, {name}", "", label="")))
    return views


def _view(heads: list[str], rows: list[list[str]], notes: Sequence[str], title: Title) -> TableView:
    # A row is one of a method; its rank is a number of it.
    rows = [[row[1], row[0], *row[2:]] for row in rows]
    heads = [head.replace("\n", " ") for head in (heads[1], heads[0], *heads[2:])]
    return plain_view(heads, rows, notes, title=title)


def _text(titled: Ranking, style: Literal["table", "markdown"], width: int | None) -> str:
    markdown = style == "markdown"
    parts = [_title(titled), _table(*_ranking(titled), markdown, width)]
    for number, name in _maps(titled):
        parts += [f"Significance map, {name}:", _table(*_map(titled.ranking, number), markdown, width)]
    notes = _notes(titled)
    return "\n\n".join([*parts, "  \n".join(map(markdown_text, notes)) if markdown else "\n".join(notes)])


def _ranking(titled: Ranking) -> tuple[list[str], list[list[str]]]:
    """The headings and the rows of methods."""
    ranking = titled.ranking
    numbers = _compared(ranking)
    of = "" if ranking.scheme.startswith("class:") else "Avg. "
    # Each names what it is of, for a narrow terminal may begin a part of the table with it.
    heads = [
        "Rank",
        "Method",
        *_order_head(ranking),
        f"{of}DSC",
        "DSC\n95 % interval",
        f"{of}F1",
        "F1\n95 % interval",
        "Ranks drawn",
    ]
    heads += [f"p, {_NUMBERS[number]}" if len(numbers) > 1 else "p" for number in numbers]
    to_next = _to_next(ranking)
    return heads, [
        [
            *_cells(method, ranking),
            *(_p(to_next[method.method, n]) if (method.method, n) in to_next else "" for n in numbers),
        ]
        for method in ranking.methods
    ]


def _compared(ranking: OrderedMethods) -> list[str]:
    return list(dict.fromkeys(each.number for each in ranking.neighbours))


def _maps(titled: Ranking) -> list[tuple[str, str]]:
    """The numbers that there are maps of, each with its name; of two methods the only pair is one of neighbours."""
    if len({each.first for each in titled.ranking.pairs}) <= 1:
        return []
    return [(number, _NUMBERS[number]) for number in _compared(titled.ranking)]


def _title(titled: Ranking) -> str:
    told = [f"track {titled.track}" if titled.track else "", titled.status or "", titled.protocol or ""]
    told += [f"{titled.ranking.cases} cases" if titled.ranking.cases > 1 else "1 case"]
    return f"Ranking by {titled.ranking.scheme}: {', '.join(filter(None, told))}"


def _order_head(ranking: OrderedMethods) -> list[str]:
    """What methods are ordered by, where that is not one of the numbers that are shown anyway."""
    if ranking.scheme in ("dsc", "f1"):
        return []
    return ["Mean score" if ranking.scheme == "mean-then-rank" else "Mean rank"]


def _order(method: RankedMethod, ranking: OrderedMethods) -> list[str]:
    if method.ordered_by is None:
        return [UNDEFINED] * len(_order_head(ranking))
    if ranking.scheme == "mean-then-rank":
        return [percent(method.ordered_by)]
    return [f"{method.ordered_by:.2f}" for _ in _order_head(ranking)]


def _cells(method: RankedMethod, ranking: OrderedMethods) -> list[str]:
    drawn = [f"{rank}: {100 * share:.0f} %" for rank, share in enumerate(method.rank_shares, 1) if share >= _TOLD_FROM]
    return [
        UNDEFINED if method.rank is None else str(method.rank),
        method.method,
        *_order(method, ranking),
        *_estimate(method.dsc),
        *_estimate(method.f1),
        ", ".join(drawn) or UNDEFINED,
    ]


def _estimate(estimate: Estimate) -> tuple[str, str]:
    if estimate.low is None or estimate.high is None:
        return _percent(estimate.value), UNDEFINED
    return _percent(estimate.value), f"{_percent(estimate.low)} to {_percent(estimate.high)}"


def _percent(fraction: float | None) -> str:
    return percent(nan if fraction is None else fraction)


def _to_next(ranking: OrderedMethods) -> Mapping[tuple[str, str], TestedPair]:
    """The test against the next one, by the method and the number."""
    return {(each.first, each.number): each for each in ranking.neighbours}


def _p(comparison: TestedPair) -> str:
    if comparison.p_holm is None:
        return UNDEFINED
    return "< 0.001" if comparison.p_holm < 0.001 else f"{comparison.p_holm:.3f}"


def _map(ranking: OrderedMethods, number: str) -> tuple[list[str], list[list[str]]]:
    """Each compared method against those that are ranked behind it, which stand under their places in the list."""
    of_pair = {(each.first, each.second): _p(each) for each in ranking.pairs if each.number == number}
    placed = [method.method for method in ranking.methods if method.rank is not None][: ranking.compared]
    rows = [
        [str(place), first, *(of_pair.get((first, second), "") for second in placed[1:])]
        for place, first in enumerate(placed[:-1], start=1)
    ]
    heads = ["Place", "Method", *(f"to {place}" for place in range(2, len(placed) + 1))]
    return heads, rows


def _table(heads: list[str], rows: list[list[str]], markdown: bool, width: int | None) -> str:
    alignment = ["right", "left", *["right"] * (len(heads) - 2)]
    if not markdown:
        return wrapped_table(heads, rows, alignment, width=width, keep=2)
    cells = [[markdown_text(cell) for cell in row] for row in rows]
    return tabulate(
        cells, [head.replace("\n", " ") for head in heads], tablefmt="pipe", disable_numparse=True, colalign=alignment
    )


def _notes(titled: Ranking) -> list[str]:
    ranking = titled.ranking
    by = _RANKED_BY.get(ranking.scheme, f"the mean of the ranks of DSC and of F1 of {ranking.scheme.partition(':')[2]}")
    notes = [f"Ranked by {by}. Equal methods share a rank, and the next has as many before it: 1 1 3."]
    notes.append(
        f"Percent. Intervals: percentile bootstrap over cases, {ranking.resamples:,} resamples, seed {ranking.seed}. "
        "Ranks drawn: in which share of the resamples the method has which rank."
    )
    if len(ranking.methods) > 1:
        notes.append(
            "p: difference to the next method below, paired permutation test, two-sided, Holm-corrected for each "
            f"number: here over all neighbours, in a significance map over {_pairs_told(ranking)}."
        )
    if any(method.dsc.low is None or method.f1.low is None for method in ranking.methods):
        notes.append(f"{UNDEFINED}: undefined, or no interval, for fewer than {FEWEST_CASES} cases have such a lesion.")
    if any(method.rank is None for method in ranking.methods):
        notes.append(
            "No rank: without such a lesion in any reference there is none to be found, whatever is predicted."
        )
    return [*notes, *titled.notes]


def _pairs_told(ranking: OrderedMethods) -> str:
    if ranking.compared == sum(method.rank is not None for method in ranking.methods):
        return "all pairs"
    return f"the pairs of the best {ranking.compared} (`--all-pairs` tests all)"


def _csv(rankings: Sequence[Ranking]) -> str:
    text = io.StringIO()
    # Written by csv, None is an empty cell and a float as many digits as it takes.
    csv.writer(text, lineterminator="\n").writerows(ranking_rows(rankings))
    return text.getvalue().rstrip("\n")


def ranking_rows(rankings: Sequence[Ranking]) -> list[list[Any]]:
    """The headings, then a row for every method.

    P values to the next method are in the columns of the number that is compared. `left_out` is how many cases could
    not be scored of every method; `comparable` is 0 where there are any.
    """
    numbers = list(dict.fromkeys(each.number for titled in rankings for each in titled.ranking.neighbours))
    most = max((len(titled.ranking.methods) for titled in rankings), default=0)
    estimates = ("dsc", "f1", "f1_per_case")
    rows: list[list[Any]] = [
        ["track", "status", "protocol", "left_out", "comparable", "scheme", "rank", "method", "ordered_by"]
        + [f"{name}{end}" for name in estimates for end in ("", "_low", "_high")]
        + ["rank_low", "rank_high", *(f"share_of_rank_{rank}" for rank in range(1, most + 1)), "next"]
        + [f"{kind}_{number}" for number in numbers for kind in ("p", "p_holm")]
    ]
    for titled in rankings:
        ranking = titled.ranking
        tests = _to_next(ranking)
        for method in ranking.methods:
            to_next = {number: tests[method.method, number] for number in numbers if (method.method, number) in tests}
            row: list[Any] = [titled.track, titled.status, titled.protocol]
            row += [len(titled.left_out), int(not titled.left_out), ranking.scheme, method.rank, method.method]
            row.append(method.ordered_by)
            for name in estimates:
                estimate = getattr(method, name)
                row += [estimate.value, estimate.low, estimate.high]
            row += [method.rank_low, method.rank_high]
            # Where none was drawn, as for too few cases, a share of 0 would be a number that nobody has seen.
            row += [None if method.rank_low is None else share for share in method.rank_shares]
            row += [None] * (most - len(method.rank_shares))
            row.append(next((each.second for each in to_next.values()), None))
            for number in numbers:
                compared = to_next.get(number)
                row += [compared.p, compared.p_holm] if compared else [None, None]
            rows.append(row)
    return rows
