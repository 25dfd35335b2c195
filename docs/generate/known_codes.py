"""Lists the codes of findings, the exit statuses and the variables of the environment, from the program's own lists."""

from __future__ import annotations

from collections.abc import Mapping

import click

from mswal_bench.baselines.stop_request import STOPPED_AS_ASKED
from mswal_bench.benchmark.cli import STOPPED
from mswal_bench.benchmark.core.findings import Kind
from mswal_bench.benchmark.data.check.findings_catalogue import KINDS as OF_DATA_SETS
from mswal_bench.benchmark.models.findings_catalogue import KINDS as OF_BUNDLES
from mswal_bench.benchmark.submissions.findings_catalogue import KINDS as OF_SUBMISSIONS

from .command_pages import commands_with_names
from .tables import code, markdown_table

CATALOGUES: Mapping[str, Mapping[str, Kind]] = {
    "data check": OF_DATA_SETS,
    "validate": OF_SUBMISSIONS,
    # Those of archives are the same.
    "model verify": {name: kind for name, kind in OF_BUNDLES.items() if name not in OF_SUBMISSIONS},
}
_STATUSES = {
    0: "The command did what it was asked to.",
    1: "The input is wrong, or a part of it could not be used; the sentences on stderr say what.",
    2: "The call is wrong: an option, an argument or a file that has to be there.",
    STOPPED_AS_ASKED: "SIGUSR1 asked a run to stop. It kept what was done, and the same command goes on.",
    STOPPED: "Ctrl-C stopped it.",
}


def findings(catalogue: str) -> str:
    """Every code of a catalogue of `CATALOGUES`, with what it means."""
    rows = [
        (code(kind.code), kind.severity, f"{kind.what[:1].upper()}{kind.what[1:]}.", kind.mend)
        for kind in CATALOGUES[catalogue].values()
    ]
    return markdown_table(("code", "severity", "what it means", "what to do"), rows)


def exit_statuses() -> str:
    return markdown_table(("status", "meaning"), [(str(status), text) for status, text in _STATUSES.items()])


def variables_of_options() -> str:
    """The variables that an option can be set by, with the commands that have it."""
    found: dict[str, tuple[str, str, list[str]]] = {}
    for name, command in commands_with_names():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and isinstance(parameter.envvar, str):
                text = (parameter.help or "").partition("  [")[0]
                _, _, commands = found.setdefault(parameter.envvar, (parameter.opts[0], text, []))
                commands.append(code(name.partition(" ")[2]))
    rows = [
        (code(variable), code(option), ", ".join(commands), text)
        for variable, (option, text, commands) in sorted(found.items())
    ]
    return markdown_table(("variable", "option", "of", "what it says"), rows)
