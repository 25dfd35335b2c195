"""Writes a small report of several methods: the table, a picture, and an HTML page with both."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.scoring_protocol import protocol_of
from mswal_bench.benchmark.runs.score_methods import score_methods
from mswal_bench.benchmark.scoring.score_view import table_view
from mswal_bench.benchmark.scoring.scores import Scores

from .report_cases import write_worst_cases
from .report_picture import NARROW, WIDE, draw_axial_slice, most_telling_case, shown_width

_PICTURE, _NARROW_PICTURE = "slice.png", "slice-narrow.png"


def write_report(
    predictions: Sequence[Path], raw: Path, out: Path, *, case: str | None = None, worst: int = 10
) -> Scores:
    """Scores prediction folders, or runs, on the test cases of the data set `raw`, and writes the report to `out`.

    The report is `index.html`, the picture in two widths, the score files, and in `cases/` a page for each of the
    `worst` worst cases of each method and lesion type. The picture shows `case`, or else the scored case with the most
    lesion types in one slice. Cases that cannot be scored are left out, and the scores list
    their problems. Raises BenchError, before anything is written, when no case can be scored or `case` cannot.
    """
    dataset = open_dataset(raw)
    protocol = protocol_of(dataset)
    if dataset.test_labels is None:
        raise BenchError(Problem("has no labels of the test cases", str(raw), "a folder labelsTs"))
    if case is not None and case not in dataset.test:
        what, expected = f"there is no test case {case!r}", f"one of {listed(list(dataset.test))}"
        raise BenchError(Problem(what, str(raw), expected, mend=did_you_mean(case, dataset.test)))
    scores = score_methods(predictions, dataset.test_labels, progress=True, protocol=protocol)
    references = {
        case: scored.reference
        for method in scores.values()
        for case, scored in method.by_case.items()
        if scored.reference is not None
    }
    if case is not None and case not in references:
        raise_if_any(scores.problems)
    shown = case or most_telling_case(references, protocol)
    shown_predictions = {
        name: scored.prediction
        for name, method in scores.items()
        if (scored := method.by_case.get(shown)) is not None and scored.prediction is not None
    }
    sheets = {out / _PICTURE: WIDE, out / _NARROW_PICTURE: NARROW}
    draw_axial_slice(dataset.test[shown].image, references[shown], shown_predictions, protocol, sheets)
    scores.save(out)
    links, which = write_worst_cases(out, scores, dataset, protocol, worst)
    page = Environment(
        loader=PackageLoader("mswal_bench.benchmark.figures", "."), autoescape=True, undefined=StrictUndefined
    ).get_template("report.html.j2")
    write_text(
        out / "index.html",
        page.render(
            title=f"{dataset.name}: {len(dataset.test)} test cases",
            view=table_view(scores),
            picture=_PICTURE,
            picture_width=shown_width(WIDE, len(shown_predictions)),
            narrow_picture=_NARROW_PICTURE,
            case=shown,
            worst=links,
            which=which,
            linked={each.lesion.name: each.lesion.key for each in links},
            version=metadata.version("mswal-bench"),
        )
        + "\n",
    )
    return scores
