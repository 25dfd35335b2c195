"""Defines `mswal-bench data check`, which tells everything that is wrong with a data set."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.choices import complete_methods
from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="List everything that is wrong with a data set.",
    examples=(
        ("look for everything that is wrong", "mswal-bench data check phantom"),
        ("take the images' geometry for labels that have another", "mswal-bench data check phantom --fix"),
        ("lesions that a method's grid erases", "mswal-bench data check phantom --plans nnunet-v2"),
    ),
)
@click.argument("raw", type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Copy the image's geometry to labels whose header differs or is not valid.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--plans",
    "methods",
    multiple=True,
    metavar="METHOD|WORK",
    shell_complete=complete_methods(folders=True),
    help="Warn of lesions that this method's grid, or this run's, erases from training. Can be given several times.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=None, help="Processes.  [default: one per core]")
@click.pass_context
def check(
    context: click.Context,
    raw: Path,
    fix: bool,
    strict: bool,
    as_json: bool,
    methods: tuple[str, ...],
    jobs: int | None,
) -> None:
    """Read every volume of RAW, a data set in nnU-Net's raw layout, and report everything that is wrong.

    Errors make the data set unfit and the command exit with 1: files that are missing, misnamed, damaged or cut off;
    labels on another grid than their image, not whole numbers or not among dataset.json's; images that are blank or
    not finite; the same voxels in two cases, or in a training and a test case; labels in dataset.json that are regions,
    that mark voxels to ignore, or that stand the wrong way round. Warnings are to be looked at and leave
    the exit status 0, unless with --strict: labels without a lesion, specks of 1 to 3 voxels, values that are not
    Hounsfield units, headers that tools read differently. Numbers of slices (52 to 1089) and slices of 512 x 512 are
    checked, as warnings, where dataset.json has MSWAL's seven labels and is not a phantom's.

    With --plans each training case is resampled as the method's preparation does it, and lesions of which no voxel is
    left are a warning. They are small ones: `mswal-bench ceiling` says what it costs.

    --fix repairs labels that have their image's shape and another geometry or none that is valid. Only the header
    changes; no voxel moves, so look at a repaired label over its image. Originals go to RAW/.before-fix, those of
    labels that were spoilt and repaired once more to its folder `again`, with fixes.json, which says what was changed.
    A file that a link in RAW leads to is never touched. To restore the labels as they were first:

        cp -a RAW/.before-fix/labels* RAW/
    """
    from mswal_bench.benchmark.core.errors import raise_if_any
    from mswal_bench.benchmark.data.check.check_dataset import inspect_dataset
    from mswal_bench.benchmark.data.check.check_text import report_json, report_text
    from mswal_bench.benchmark.data.check.repair_headers import fix_dataset

    asked = []
    if methods:
        from mswal_bench.benchmark.ceilings.asked_grids import asked_grids

        # Before everything is read.
        asked = asked_grids(methods)
    repaired = fix_dataset(raw, jobs=jobs, progress=True) if fix else None
    inspection = repaired.inspection if repaired is not None else inspect_dataset(raw, jobs=jobs, progress=True)
    if asked:
        from mswal_bench.benchmark.ceilings.erased_findings import with_erased_lesions

        inspection = with_erased_lesions(inspection, asked, jobs=jobs, progress=True)
    click.echo(report_json(inspection, repaired) if as_json else report_text(inspection, repaired))
    if repaired is not None:
        raise_if_any(repaired.problems)
    if inspection.number("error") or (strict and inspection.findings):
        context.exit(1)
