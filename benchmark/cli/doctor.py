"""Defines `mswal-bench doctor`, which examines the installation."""

from __future__ import annotations

import click

from .choices import Choice
from .help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Examine this installation and machine, for bug reports.",
    examples=(
        ("what a bug report needs", "mswal-bench doctor"),
        (
            "install the methods, in the versions that are tested",
            'pip install -c "$(mswal-bench doctor --constraints)" "mswal-bench[train]"',
        ),
    ),
)
@click.option(
    "--format",
    "style",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text can be pasted into a report; json is for programs.",
)
@click.option(
    "--constraints",
    is_flag=True,
    help="Print the path of the file with the tested versions, for pip's -c, and do nothing else.",
)
def doctor(style: str, constraints: bool) -> None:
    """Examine this installation and machine: paste what it prints into a bug report.

    It shows Python, the packages and their versions beside those that everything is tested with, processor, memory,
    disk, GPUs, SLURM, and what each extra is for, with the command that installs what is missing. No name of a person,
    of a machine or of a folder is in it, and no network is used.

    A case is scored whose numbers are known. The command exits with 1 where this or a package of the core fails, and
    with 0 otherwise: extras are optional.
    """
    from mswal_bench.benchmark.core.errors import Problem, raise_if_any
    from mswal_bench.benchmark.doctor.installed_packages import constraints_file

    if constraints:
        click.echo(constraints_file())
        return
    from mswal_bench.benchmark.doctor.diagnosis import diagnose, diagnosis_json
    from mswal_bench.benchmark.doctor.diagnosis_text import diagnosis_text

    diagnosis = diagnose()
    click.echo(diagnosis_json(diagnosis) if style == "json" else diagnosis_text(diagnosis))
    raise_if_any([Problem(fault, "core") for fault in diagnosis.core_faults])
