"""Writes every file of the site from the records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from importlib import metadata, resources
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mswal_bench.benchmark.ceilings.ceiling_record import CEILING_FILE
from mswal_bench.benchmark.ceilings.lost_lesions import LOST_FILE
from mswal_bench.benchmark.core.croissant import CROISSANT_FILE
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.vendored import vendored
from mswal_bench.benchmark.records.organiser_key import PUBLIC_FILE, PublicKey
from mswal_bench.benchmark.records.record_store import SIGNATURE_FILE, read_results
from mswal_bench.benchmark.records.result_record import NOT_SHOWN, ResultRecord
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE

from . import charts
from .board_ranks import Place, Scheme, board_places
from .board_statistics import SIGNIFICANT, Statistics, board_statistics
from .boards import Board, boards_of
from .case_evidence import CaseEvidence, EntryCases, case_evidence
from .ceiling_entries import ceiling_downloads, with_ceilings
from .entries import GROUPS, METRICS, PAPER, PEOPLE, STATUSES, Entry
from .page_data import board_files, board_index, group_data, metric_data
from .public_rows import public_files, statistics_rows
from .results_table import RESULTS_CSV, RESULTS_PARQUET, Row, require_parquet, results_files, results_rows
from .site_folder import FRONT_PAGE, check_site, replace_site

_PACKAGE = "mswal_bench.benchmark.board.site"
_FEW_RECORDS = "Fewer than two records can be ranked here: there is nothing to compare yet."
_NO_ROWS = (
    "The rows of single cases are not at hand for all of these records, so that neither the stability of their ranks "
    "nor the significance of their differences can be told. The intervals above are those that the records hold."
)
_HIDDEN = (
    "The labels of this track are kept back. How stable the ranks are and which differences are significant would tell "
    "of them, and is not published."
)
_DOWNLOADS = {
    RECORD_FILE: "everything on this page",
    SIGNATURE_FILE: "the organiser's signature of record.json",
    "form.json": "what the authors say of their submission",
    f"{CASES_FILE}.gz": "a row for each case and lesion type",
    f"{LESIONS_FILE}.gz": "a row for each lesion",
    CEILING_FILE: "what was measured, and the digests of its tables",
    f"{LOST_FILE}.gz": "a row for each lesion that is lost",
}


def build_site(
    results: Path,
    site: Path,
    *,
    date: str | None,
    resamples: int,
    seed: int,
    submit_to: str | None = None,
    organiser: PublicKey | None = None,
    evidence: tuple[Path, Path] | None = None,
    ceilings: Sequence[Path] = (),
    parquet: bool = False,
    progress: bool = False,
) -> tuple[tuple[Board, ...], tuple[str, ...]]:
    """Makes the folder `site` of the records in `results`, whole or not at all; gives its boards, and notes.

    Verified is what the organiser has signed, by the key `organiser`, else by the folder's own, which the pages name.
    Of a hidden track nothing is shown but what its records say. The same input gives the same bytes; `date` is printed
    as it is, and `submit_to` is linked to as where submissions go. With `evidence`, a data set and a folder of
    submissions, the worst cases of public boards have pages; a note says where a method has none. What `mswal-bench
    ceiling --out` wrote to the folders `ceilings` is shown on the public boards of the same labels. With `parquet` the
    table of all results is there as Parquet too. Raises BenchError for what the user can mend, a folder without a
    record included.
    """
    if parquet:
        require_parquet()
    check_site(site)
    read = read_results(results, organiser)
    if not read.records:
        expected = f"records/TRACK/ID/{RECORD_FILE}"
        mend = "`mswal-bench evaluate SUBMISSION --results FOLDER` writes them."
        raise BenchError(Problem("has no record to build a board of", str(results), expected, mend=mend))
    boards = with_ceilings(boards_of(read.records), ceilings)
    with ExitStack() as stack:
        cases = CaseEvidence()
        if evidence is not None:
            data, submissions = evidence
            cases = stack.enter_context(case_evidence(boards, results, data, submissions, progress=progress))
        pages = _Pages(date, submit_to, read.organiser)
        # One at a time: together the files of a thousand records are hundreds of megabytes.
        files = chain(
            _site_files(boards, results, resamples, seed, pages, cases, parquet), cases.files(progress=progress)
        )
        replace_site(site, files, metadata.version("mswal-bench"))
    return boards, (*read.notes, *cases.notes)


def _site_files(
    boards: Sequence[Board],
    results: Path,
    resamples: int,
    seed: int,
    pages: _Pages,
    cases: CaseEvidence,
    parquet: bool,
) -> Iterator[tuple[str, bytes]]:
    yield from _static_files().items()
    if pages.organiser is not None:
        yield PUBLIC_FILE, pages.organiser.pem
    views = []
    rows: list[Row] = []
    for board in boards:
        arrays = statistics_rows(board, results)
        schemes, places = board_places(board, arrays)
        statistics = board_statistics(board, arrays, places["mean-rank"], resamples=resamples, seed=seed)
        views.append(_board_view(board, schemes, places, statistics))
        yield from board_files(board, places).items()
        rows += results_rows(board, places["mean-rank"])
        ranked = Counter(entry.group for entry in board.entries if entry.id in places["mean-rank"])
        for entry in board.entries:
            downloads = public_files(entry.record, results) if entry.record else {}
            if entry.ceiling is not None:
                downloads = ceiling_downloads(entry.ceiling)
            for name, content in downloads.items():
                yield f"records/{entry.id}/{name}", content
            worst = cases.of.get(entry.id)
            page = pages.method(board, entry, places["mean-rank"], list(downloads), worst, ranked[entry.group])
            yield f"methods/{entry.id}.html", page
    tables = results_files(rows, parquet=parquet)
    yield from tables.items()
    yield FRONT_PAGE, pages.front(views, tables)
    yield "submit.html", pages.how_to_submit(boards)


class _Pages:
    """Templates and what all of them know."""

    def __init__(self, date: str | None, submit_to: str | None, organiser: PublicKey | None):
        self.organiser = organiser
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
            "organiser": organiser.fingerprint if organiser is not None else None,
            "public_key": PUBLIC_FILE,
            "libraries": [
                {**library, "notice": next(_asset(name) for name in library["files"] if "LICENSE" in name)}
                for library in vendored(_PACKAGE)
            ],
            "metrics": METRICS,
            "groups": GROUPS,
            "statuses": STATUSES,
            "people": PEOPLE,
            "paper": PAPER,
            "projects": _project_links(),
            "submit_to": submit_to,
            "most_shown": charts.MOST_SHOWN,
            "significant": SIGNIFICANT,
            "not_shown": NOT_SHOWN,
        }

    def front(self, boards: Sequence[Mapping[str, Any]], tables: Mapping[str, bytes]) -> bytes:
        data = {
            "groups": group_data(),
            "metrics": metric_data(),
            "boards": [board["data"] for board in boards],
            "opens": _opens(boards),
        }
        return self._render(
            "index.html.j2",
            root="",
            boards=boards,
            data=data,
            tables=[name for name in (RESULTS_CSV, RESULTS_PARQUET) if name in tables],
            description_file=CROISSANT_FILE,
            description=json.loads(tables[CROISSANT_FILE]),
        )

    def how_to_submit(self, boards: Sequence[Board]) -> bytes:
        return self._render("submit.html.j2", root="", boards=boards)

    def method(
        self,
        board: Board,
        entry: Entry,
        places: Mapping[str, Place],
        downloads: Sequence[str],
        worst: EntryCases | None,
        ranked_beside: int,
    ) -> bytes:
        return self._render(
            "method.html.j2",
            root="../",
            board=board,
            entry=entry,
            place=places.get(entry.id),
            ranked_beside=ranked_beside,
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
    averaged = next(of_group for group in (*STATUSES, *GROUPS) if (of_group := board.of(group)))
    who = "human rater" if averaged[0].group == "people" else f"{averaged[0].status} method"
    return {
        **{name: getattr(board, name) for name in ("key", "title", "track", "protocol", "cases", "hidden", "policy")},
        "reference_digest": board.reference_digest,
        "classes": board.classes,
        "groups": {group: of_group for group in GROUPS if (of_group := board.of(group))},
        "places": places,
        "data": board_index(board, schemes),
        "forests": [charts.forest(board, metric) for metric in ("dsc", "f1")],
        "statistics": statistics,
        "why_no_statistics": _why_no_statistics(board, places["mean-rank"]),
        "difficulties": [charts.difficulty(board, averaged, metric) for metric in ("dsc", "f1")],
        "difficulty_of": f"the {len(averaged)} {who}{'' if len(averaged) == 1 else 's'}",
    }


def _opens(boards: Sequence[Mapping[str, Any]]) -> str:
    """The key of the board that the page opens on: the first with ranks of verified methods, or else with any."""
    for group in ("verified", "claimed"):
        for board in boards:
            if any(entry.id in board["places"]["mean-rank"] for entry in board["groups"].get(group, ())):
                return str(board["key"])
    return str(boards[0]["key"])


def _project_links() -> dict[str, str]:
    """The addresses that this package says of its project: paper, data set, and its repository where it has one."""
    told = (each.partition(", ") for each in metadata.metadata("mswal-bench").get_all("Project-URL") or ())
    return {label: link for label, _, link in told}


def _why_no_statistics(board: Board, places: Mapping[str, Place]) -> str:
    if not any(sum(entry.id in places for entry in board.of(status)) > 1 for status in STATUSES):
        return _FEW_RECORDS
    return _HIDDEN if board.hidden else _NO_ROWS


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
