"""Holds scores as users have them: they are printed, made frames of, and saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.core.whole_files import not_written, write_text
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.tables.notebook import notebook_html
from mswal_bench.benchmark.tables.terminal import terminal_width
from mswal_bench.benchmark.tables.terminal_letters import as_printed
from mswal_bench.metrics.case import CaseScore

from .cases_csv import CASES_FILE, write_case_rows
from .details_table import details_view
from .lesions_csv import LESIONS_FILE, write_lesion_rows
from .score_formats import format_table
from .score_frames import cases_frame, lesions_frame, numbers_frame
from .score_view import table_view
from .scored_methods import MethodScores, ScoredCase, ScoredMethods

if TYPE_CHECKING:
    import pandas

__all__ = ["MethodScores", "ScoredCase", "Scores", "scores_of"]


@dataclass(frozen=True, eq=False)
class Scores(ScoredMethods):
    """The scores of one or more methods under one protocol: a mapping from a method's name to its scores."""

    def save(self, out: str | Path) -> None:
        """Writes `cases.csv`, `lesions.csv` and `scores.json` to the folder `out`, each whole or not at all.

        `load_scores` reads them back. Raises BenchError when a file cannot be written.
        """
        from .scores_json import SCORES_FILE, summary_json

        folder = Path(out)
        try:
            write_case_rows(folder / CASES_FILE, self.case_rows())
            write_lesion_rows(folder / LESIONS_FILE, self.lesion_rows())
            write_text(folder / SCORES_FILE, summary_json(self.summary()))
        except OSError as error:
            raise BenchError(not_written(error, folder)) from error

    def to_frame(self) -> pandas.DataFrame:
        """A row a number of a method and lesion type: `method`, `lesion`, `metric`, `value`. NaN where undefined.

        The metrics are those of the CSV of `mswal-bench score`, the details among them where NSD and HD95 were
        measured. The lesion `average` has the means over the lesion types.
        """
        return numbers_frame(self.summary().methods)

    @property
    def cases(self) -> pandas.DataFrame:
        """A row a method, case and lesion type, made anew each time; its columns are those of `cases.csv`."""
        return cases_frame(self)

    @property
    def lesions(self) -> pandas.DataFrame:
        """A row a lesion of the prediction or the reference, made anew each time; its columns are those of
        `lesions.csv`. In every frame `lesion` is the lesion's type, and its own number is `number`.
        """
        return lesions_frame(self)

    def __str__(self) -> str:
        return as_printed(format_table(self, "table", width=terminal_width()))

    def __repr__(self) -> str:
        # Not with its cases and lesions: they are thousands.
        return f"<Scores of {', '.join(self.methods)}: {len(self.case_ids)} cases, {self.protocol.id}>"

    def _repr_html_(self) -> str:
        views = [table_view(self), *([details_view(self)] if self.has_details else [])]
        return notebook_html(*views)


def scores_of(
    protocol: Protocol,
    scores: Mapping[str, Mapping[str, CaseScore]],
    *,
    missing: Mapping[str, Collection[str]] | None = None,
    failed: Mapping[str, Collection[str]] | None = None,
) -> Scores:
    """Gathers cases that were scored one by one: method name -> case id -> score, of the protocol's classes.

    `missing` and `failed` name, by method, cases without a prediction, which have a score, and cases without a score.
    """
    return Scores(
        protocol,
        {
            name: MethodScores(
                name,
                protocol,
                {
                    case: ScoredCase(case, score, is_missing=case in (missing or {}).get(name, ()))
                    for case, score in sorted(of_method.items())
                },
                tuple(sorted((failed or {}).get(name, ()))),
            )
            for name, of_method in scores.items()
        },
    )
