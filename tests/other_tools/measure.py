"""Measures how other tools count, and writes it into the page: `python -m mswal_bench.tests.other_tools.measure`.

It installs the tools, at fixed versions, into temporary environments, which takes minutes and 4 GB, and removes them.
Two tools are asked from their source, which is cloned; `--sources` names a folder that has it already.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from mswal_bench.benchmark.core.whole_files import write_text

from . import measured
from .tools import OURS, ROOT, TOOLS, Tool

# What panoptica imports: its own pins would hold numpy back by a major version.
_FOR_PANOPTICA = ("plotly", "ruamel-yaml", "typer")
_PYTHON = Path("bin/python")
# Its import of torchvision, which others bring, fails beside a torch for CPUs.
_ALONE = ("torchmetrics",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path, help="a folder with surface-distance and MetricsReloaded")
    sources = parser.parse_args().sources
    answers = {OURS: asked(Path(sys.executable), "of_mswal_bench")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cloned = [_clone(tool, folder) if sources is None else sources / tool.name for tool in TOOLS if tool.commit]
        together = [tool for tool in TOOLS if tool.name not in _ALONE]
        environments = {tool.name: _environment(folder / tool.name, [tool]) for tool in TOOLS if tool.name in _ALONE}
        environments |= dict.fromkeys((tool.name for tool in together), _environment(folder / "together", together))
        for tool in TOOLS:
            given = asked(environments[tool.name], tool.module, cloned)
            answers[tool.name] = {"version": tool.told_version, **given}
    write_text(measured.FILE, json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    write_text(measured.PAGE, measured.page_with(measured.PAGE.read_text(encoding="utf-8"), answers))


def asked(python: Path, module: str, sources: list[Path] | None = None) -> dict[str, str]:
    """Asks a tool all questions in a process of `python`, which needs not have this package installed."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "mswal_bench").symlink_to(ROOT)
        out = Path(name) / "answers.json"
        path = os.pathsep.join(map(str, [name, *(sources or [])]))
        subprocess.run(
            [python, "-m", "mswal_bench.tests.other_tools.ask", module, out],
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        answers: dict[str, str] = json.loads(out.read_text(encoding="utf-8"))
    return answers


def _environment(folder: Path, tools: list[Tool]) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / _PYTHON
    install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt"]
    wanted = [f"{tool.package}=={tool.pinned}" for tool in tools if tool.package]
    alone = [package for package in wanted if package.startswith("panoptica==")]
    needed = ["torch", "scikit-image", "connected-components-3d", *(_FOR_PANOPTICA if alone else ())]
    subprocess.run([*install, *needed, *(package for package in wanted if package not in alone)], check=True)
    if alone:
        subprocess.run([*install, "--no-deps", *alone], check=True)
    return python


def _clone(tool: Tool, folder: Path) -> Path:
    place = folder / "sources" / tool.name
    subprocess.run(["git", "clone", "--quiet", tool.repository, place], check=True)
    subprocess.run(["git", "-C", place, "checkout", "--quiet", tool.commit], check=True)
    return place


if __name__ == "__main__":
    main()
