"""Lists the surprises of outside packages, by the first comment of each script in `findings/`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parents[2] / "findings"


class OutsideFinding(NamedTuple):
    """A surprise, and the script that shows it."""

    script: Path
    sentence: str
    more: str
    """What the comment says beyond its first sentence; may be empty."""


def outside_findings(folder: Path = _FOLDER) -> list[OutsideFinding]:
    """All of them, by the name of the script. Raises ValueError for a script that does not begin with a comment."""
    return [_read(path) for path in sorted(folder.glob("*.sh"))]


def findings_list(folder: Path = _FOLDER) -> str:
    """A paragraph for each, with its script folded up below it."""
    return "\n".join(_entry(each) for each in outside_findings(folder))


def _read(path: Path) -> OutsideFinding:
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    comment = _comment(lines)
    if not first.startswith("#!") or not comment:
        raise ValueError(f"{path} does not begin with a comment that says what it shows")
    # A sentence ends before a capital letter, or a name that is written small; so no version or abbreviation ends one.
    sentence, *more = re.split(r"(?<=[.:]) (?=[A-Z]|nnU-Net)", comment, maxsplit=1)
    return OutsideFinding(path, sentence.rstrip(":"), " ".join(more))


def _comment(lines: Sequence[str]) -> str:
    held = []
    for line in lines:
        if not line.startswith("#"):
            break
        held.append(line.lstrip("#").strip())
    return " ".join(held)


def _entry(finding: OutsideFinding) -> str:
    # As many backticks as no script has.
    script = finding.script.read_text(encoding="utf-8").rstrip()
    return (
        f"**{finding.sentence.rstrip('.')}.**\n{finding.more}\n\n"
        f"::::{{dropdown}} `findings/{finding.script.name}`\n"
        f"`````bash\n{script}\n`````\n::::\n"
    )
