"""Writes every file of the site from the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mswal_bench.benchmark.core.vendored import vendored
from mswal_bench.benchmark.records.publication import published
from mswal_bench.benchmark.records.record_store import read_records
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE

from . import charts
from .board_ranks import Place, Scheme, board_places
from .board_statistics import SIGNIFICANT, Statistics, board_statistics
from .boards import Board, boards_of
from .case_evidence import CaseEvidence, EntryCases, case_evidence
from .entries import METRICS, PAPER, STATUSES, Entry
from .page_data import board_data, status_data
from .public_rows import public_files, statistics_rows
from .site_folder import LISTING, check_site, listing, replace_site

_PACKAGE = "mswal_bench.benchmark.board.site"
_FEW_RECORDS = "Fewer than two records can be ranked here: there is nothing to compare yet."
_NO_ROWS = (
    "The rows of single cases are not at hand for all of these records, so that neither the stability of their ranks "
    "nor the significance of their differences can be told. The intervals above are those that the records hold."
)
_DOWNLOADS = {
    RECORD_FILE: "everything on this page",
    "form.json": "what the authors say of their submission",
    CASES_FILE: "a row for each case and lesion type",
    LESIONS_FILE: "a row for each lesion",
}


def build_site(
    results: Path,
    site: Path,
    *,
    private: Path | None,
    date: str | None,
    resamples: int,
    seed: int,
    evidence: tuple[Path, Path] | None = None,
    notes: list[str] | None = None,
    progress: bool = False,
) -> tuple[Board, ...]:
    """Makes the folder `site` of the records in `results`, whole or not at all, and gives its boards.

    With the rows of hidden tracks in `private` their ranks' stability and tests are shown; nothing of a single case
    is. The same input gives the same bytes; `date` is printed as it is. With `evidence`, a data set and a folder of
    submissions, the worst cases of public boards have pages; `notes` gets a sentence where a method has none. Raises
    BenchError for what the user can mend.
    """
    check_site(site)
    boards = boards_of([published(record) for record in read_records(results)])
    with ExitStack() as stack:
        cases = CaseEvidence()
        if evidence is not None:
            data, submissions = evidence
            cases = stack.enter_context(case_evidence(boards, results, data, submissions, progress=progress))
        files = _site_files(boards, results, private, date, resamples, seed, cases)
        files.update(cases.files(progress=progress))
        replace_site(site, files | {LISTING: listing(files, metadata.version("mswal-bench"))})
    if notes is not None:
        notes += cases.notes
    return boards


def _site_files(
    boards: Sequence[Board],
    results: Path,
    private: Path | None,
    date: str | None,
    resamples: int,
    seed: int,
    cases: CaseEvidence,
) -> dict[str, bytes]:
    files = _static_files()
    pages = _Pages(date)
    views = []
    for board in boards:
        arrays = statistics_rows(board, results, private)
        schemes, places = board_places(board, arrays)
        statistics = board_statistics(board, arrays, places["mean-rank"], resamples=resamples, seed=seed)
        views.append(_board_view(board, schemes, places, statistics))
        for entry in board.entries:
            downloads = public_files(entry.record, results) if entry.record else {}
            files |= {f"records/{entry.id}/{name}": content for name, content in downloads.items()}
            worst = cases.of.get(entry.id)
            files[f"methods/{entry.id}.html"] = pages.method(board, entry, places["mean-rank"], list(downloads), worst)
    files["index.html"] = pages.front(views)
    return files


class _Pages:
    """Templates and what all of them know."""

    def __init__(self, date: str | None):
        self._templates = Environment(
            loader=PackageLoader(_PACKAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["percent"] = lambda fraction: f"{fraction * 100:.2f}"
        self._templates.filters["with_code"] = _with_code
        self._templates.globals |= {
            "version": metadata.version("mswal-bench"),
            "date": date,
            "libraries": [
                {**library, "notice": next(_asset(name) for name in library["files"] if "LICENSE" in name)}
                for library in vendored(_PACKAGE)
            ],
            "metrics": METRICS,
            "statuses": STATUSES,
            "paper": PAPER,
            "most_shown": charts.MOST_SHOWN,
            "significant": SIGNIFICANT,
        }

    def front(self, boards: Sequence[Mapping[str, Any]]) -> bytes:
        data = {"statuses": status_data(), "boards": [board["data"] for board in boards]}
        return self._render("index.html.j2", root="", boards=boards, data=data)

    def method(
        self,
        board: Board,
        entry: Entry,
        places: Mapping[str, Place],
        downloads: Sequence[str],
        worst: EntryCases | None,
    ) -> bytes:
        beside = [other for other in board.of(entry.status) if other.id in places]
        return self._render(
            "method.html.j2",
            root="../",
            board=board,
            entry=entry,
            place=places.get(entry.id),
            ranked_beside=len(beside),
            axes={
                "overlap": charts.class_axis(entry, ("dsc", "f1")),
                "recall": charts.class_axis(entry, ("recall_small", "recall_large")),
            },
            costs=_costs(entry.record) if entry.record else [],
            digests=_digests(entry.record) if entry.record else [],
            downloads=[(name, _DOWNLOADS[name]) for name in downloads],
            worst=worst,
        )

    def _render(self, template: str, **context: object) -> bytes:
        return (self._templates.get_template(template).render(context).strip() + "\n").encode()


def _static_files() -> dict[str, bytes]:
    package = resources.files(_PACKAGE)
    own = {f"assets/{file.name}": file.read_bytes() for file in package.joinpath("assets").iterdir() if file.is_file()}
    others = {
        _asset(name): package.joinpath("vendor", *name.split("/")).read_bytes()
        for library in vendored(_PACKAGE)
        for name in library["files"]
    }
    return own | others


def _asset(vendored_file: str) -> str:
    """Where the site has a file of a library: licences keep the library's name."""
    folder, _, name = vendored_file.partition("/")
    return f"assets/{folder}-{name}" if "LICENSE" in name else f"assets/{name}"


def _board_view(
    board: Board, schemes: Sequence[Scheme], places: Mapping[str, Mapping[str, Place]], statistics: Statistics | None
) -> dict[str, Any]:
    averaged = board.of("verified") or board.of("claimed") or board.of("reported")
    return {
        **{name: getattr(board, name) for name in ("key", "title", "track", "protocol", "cases", "hidden")},
        "reference_digest": board.reference_digest,
        "classes": board.classes,
        "entries": board.entries,
        "places": places,
        "data": board_data(board, schemes, places),
        "forests": [charts.forest(board, metric) for metric in ("dsc", "f1")],
        "statistics": statistics,
        "why_no_statistics": _NO_ROWS if _can_be_compared(board, places["mean-rank"]) else _FEW_RECORDS,
        "difficulties": [charts.difficulty(board, averaged, metric) for metric in ("dsc", "f1")],
        "difficulty_of": f"the {len(averaged)} {averaged[0].status} {'method' if len(averaged) == 1 else 'methods'}",
    }


def _can_be_compared(board: Board, places: Mapping[str, Place]) -> bool:
    return any(sum(entry.id in places for entry in board.of(status)) > 1 for status in STATUSES)


def _with_code(text: str) -> Markup:
    """Our own text, in which a command stands between backticks."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(text.split("`"))
    )


def _costs(record: ResultRecord) -> list[tuple[str, str]]:
    cost = record.form.cost
    told = (
        ("GPU", f"{cost.gpus} x {cost.gpu}" if cost.gpus and cost.gpu else cost.gpu),
        ("Training", None if cost.training_gpu_hours is None else f"{cost.training_gpu_hours:,g} GPU hours"),
        ("Prediction", None if cost.prediction_s_per_case is None else f"{cost.prediction_s_per_case:,g} s a case"),
        ("Peak GPU memory", None if cost.peak_gpu_mib is None else f"{cost.peak_gpu_mib:,.0f} MiB"),
        ("Parameters", None if cost.parameters is None else f"{cost.parameters:,}"),
    )
    return [(label, value) for label, value in told if value is not None]


def _digests(record: ResultRecord) -> list[tuple[str, str | None]]:
    return [
        ("Submission", record.submission_digest),
        ("Predictions", record.predictions_digest),
        ("Reference labels", record.reference_digest),
        ("Manifest", record.manifest_digest),
        ("Split", record.split_digest),
    ]
