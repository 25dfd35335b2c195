"""Defines `mswal-bench submission init`, which begins a submission to fill in."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Begin a submission to fill in.",
    examples=(
        (
            "of a finished run",
            "mswal-bench submission init mine --track phantom --run runs/nnunet-v2/fold-0 "
            '--author "Ada Example" --affiliation "University of Examples" --contact ada@example.org',
        ),
        (
            "of a folder of label maps",
            "mswal-bench submission init mine --track phantom --method mine --predictions predictions",
        ),
    ),
)
@click.argument("folder", metavar="[FOLDER]", default="submission", type=click.Path(path_type=Path))
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="The outcome of a finished run, such as runs/nnunet-v2/fold-all: its record fills in method, track, ensemble "
    "and cost, and its predictions are copied.",
)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    help="A folder of label maps to copy to FOLDER/predictions. Its name is the method's, unless --method or --run "
    "gives one.",
)
@click.option(
    "--model",
    help="The model bundle that predicted, NAME.mswal, or its address hf:OWNER/NAME[@REVISION]: it fills in method, "
    "ensemble, training's cost and its digest, and the address a link to it. What --run tells counts before it; "
    "the bundle must be of that run.",
)
@click.option("--track", help="The track it is for: official-test, public-cv, or another of the organiser's.")
@click.option("--method", help="The method's name on the board.")
@click.option(
    "--people", is_flag=True, help="People drew the label maps: the board shows them as a reference, without a rank."
)
@click.option("--author", "authors", multiple=True, help="One of the authors; may be given several times.")
@click.option("--affiliation", help="Where the authors work.")
@click.option("--contact", help="An e-mail address. Never published.")
def init(
    folder: Path,
    run: Path | None,
    predictions: Path | None,
    model: str | None,
    track: str | None,
    method: str | None,
    people: bool,
    authors: tuple[str, ...],
    affiliation: str | None,
    contact: str | None,
) -> None:
    """Begin a submission in FOLDER, `submission` if none is given: submission.yaml to fill in, and predictions/.

    What the form needs and nobody but you knows is marked, and `mswal-bench validate` refuses it until it is replaced.
    Nothing that is there is overwritten; interrupted, the same command goes on.
    """
    from mswal_bench.benchmark.submissions.init_submission import init_submission, record_of

    given = {
        "track": track,
        "method": method,
        "drawn_by": "people" if people else None,
        "authors": list(authors) or None,
        "affiliation": affiliation,
        "contact": contact,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    claims = {}
    if model is not None:
        from mswal_bench.benchmark.models.model_claims import model_claims

        of_run = None if run is None else record_of(run).identity
        claims = model_claims(model, run=of_run, announce=lambda sentence: click.echo(sentence, err=True))
    begun = init_submission(folder, run=run, predictions=predictions, claims=claims, fields=fields, progress=True)
    copied = f" {begun.predictions} predictions were copied." if begun.predictions else ""
    click.echo(
        f"Fill in what is empty in {begun.form}.{copied} Then: mswal-bench validate {folder} --manifest manifest.json"
    )
