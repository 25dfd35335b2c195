"""Holds ceilings as users have them: they are printed, made frames of, and saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.benchmark.scoring.score_view import table_view
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.tables.formats import format_view
from mswal_bench.benchmark.tables.notebook import notebook_html
from mswal_bench.benchmark.tables.terminal import terminal_width
from mswal_bench.benchmark.tables.terminal_letters import as_printed

from .lost_lesions import LostLesion

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class Ceilings:
    """What networks could reach at most: the scores of reference labels that went to a method's grid and back."""

    scores: Scores
    """By method, of what comes back of the labels."""
    grids: Mapping[str, LabelGrid]
    """By method."""
    lost: Mapping[str, tuple[LostLesion, ...]]
    """By method, the lesions that no network can find there, largest first."""
    of_runs: Mapping[str, str]
    """By name, the method of each that is a run: its own plans are measured."""
    track: Track
    """Whose cases were measured."""
    training_cases: int
    """For so many every method without a run was planned."""

    def save(self, out: str | Path) -> None:
        """Writes what `mswal-bench ceiling --out` does to the folder `out`, each file whole or not at all.

        Raises BenchError when a file cannot be written.
        """
        from .ceiling_files import write_ceilings

        write_ceilings(self, Path(out))

    def to_frame(self) -> pandas.DataFrame:
        """A row a number of a method and lesion type: `method`, `lesion`, `metric`, `value`. NaN where undefined."""
        return self.scores.to_frame()

    def lost_frame(self) -> pandas.DataFrame:
        """A row a lost lesion of a method; the columns are those of `lost_lesions.csv`, `class` called `lesion` and
        `lesion` called `number`."""
        import pandas

        from .lost_lesions import COLUMNS, lost_rows

        frame = pandas.DataFrame(list(lost_rows(self.lost)), columns=list(COLUMNS))
        return frame.rename(columns={"class": "lesion", "lesion": "number"})

    def __str__(self) -> str:
        from .ceilings_text import lost_views

        width = terminal_width()
        tables = [format_view(view, "table", width=width) for view in lost_views(self)]
        return "\n\n".join([str(self.scores), as_printed("\n\n".join(tables))])

    def __repr__(self) -> str:
        return f"<Ceilings of {', '.join(self.grids)}: {len(self.scores.case_ids)} cases, {self.scores.protocol.id}>"

    def _repr_html_(self) -> str:
        from .ceilings_text import lost_views

        return notebook_html(table_view(self.scores), *lost_views(self))
