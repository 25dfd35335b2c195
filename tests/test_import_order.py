"""Holds the order of the folders: what a module imports stands below it, so that no import ever runs up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

import mswal_bench

ROOT = Path(next(iter(mswal_bench.__path__))).resolve()
NAME = "mswal_bench"

# From the top down. A wing imports those of the lines below its own, and nothing of its line but itself.
ORDER: tuple[frozenset[str], ...] = (
    frozenset({"cli"}),
    frozenset({"board"}),
    frozenset({"paper"}),
    frozenset({"records"}),
    frozenset({"prediction"}),
    frozenset({"models"}),
    frozenset({"ceilings"}),
    frozenset({"figures", "submissions"}),
    frozenset({"doctor"}),
    frozenset({"launch"}),
    frozenset({"runs"}),
    frozenset({"jobs"}),
    frozenset({"scoring"}),
    frozenset({"data"}),
    frozenset({"volumes"}),
    frozenset({"core"}),
)
# Beside benchmark/, and tables/ in it: what everything may stand on. Each imports these of the others and no more.
GROUND: dict[str, frozenset[str]] = {
    "baselines": frozenset({"metrics", "splits"}),
    "metrics": frozenset(),
    "tables": frozenset(),
    "splits": frozenset(),
    "results": frozenset(),
}


@dataclass(frozen=True)
class Import:
    """One `import` or `from ... import`, anywhere in a module: at its top or inside a function."""

    module: str
    """That imports."""
    line: int
    target: str
    """What is imported: a module, or a module and a name of it."""
    level: int
    """The dots in front of it."""

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}, imports {self.target}"


def _module(path: Path) -> str:
    parts = [NAME, *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _package(path: Path) -> str:
    return ".".join([NAME, *path.relative_to(ROOT).parent.parts])


def _paths(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found, folders
    return found


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[Import]:
    module, package = _module(path), _package(path).split(".")
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] == NAME:
                    yield Import(module, node.lineno, name.name, 0)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            whole = ".".join([*above, *([node.module] if node.module else [])])
            if whole.partition(".")[0] == NAME:
                for name in node.names:
                    yield Import(module, node.lineno, f"{whole}.{name.name}", node.level)


def _wing(module: str) -> str:
    """`scoring` of `mswal_bench.benchmark.scoring.score_table`, `metrics` of `mswal_bench.metrics.case`; else empty."""
    parts = [*module.split("."), "", ""][1:3]
    return parts[1] if parts[0] == "benchmark" else parts[0]


IMPORTS = [each for path in _paths("benchmark", *(GROUND.keys() - {"tables"})) for each in _imports(path)]
PLACES = {wing: place for place, wings in enumerate(ORDER) for wing in wings}


def _may_import(importer: str, imported: str) -> bool:
    if importer == imported:
        return True
    if importer in GROUND:
        return imported in GROUND[importer]
    return imported in GROUND or PLACES[importer] < PLACES.get(imported, -1)


def test_every_folder_has_its_place() -> None:
    folders = {path.parent.name for path in (ROOT / "benchmark").glob("*/__init__.py")}
    assert folders == {*PLACES, "tables"}
    assert [path.name for path in (ROOT / "benchmark").glob("*.py")] == ["__init__.py"]


def test_no_import_runs_up() -> None:
    outside = [each for each in IMPORTS if each.module != f"{NAME}.benchmark"]
    assert len(outside) > 1000, "hardly any import was found: are the folders where they were?"
    wrong = [str(each) for each in outside if not _may_import(_wing(each.module), _wing(each.target))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("importer", "imported", "may"),
    [
        ("cli", "core", True),
        ("scoring", "tables", True),
        ("core", "scoring", False),
        ("figures", "submissions", False),
        ("runs", "cli", False),
        ("baselines", "core", False),
        ("baselines", "metrics", True),
        ("metrics", "splits", False),
        ("tables", "core", False),
        ("core", "baselines", True),
        # The front door, the root's own module, is for users: nothing within stands on it.
        ("scoring", "", False),
    ],
)
def test_the_order_tells_up_from_down(importer: str, imported: str, may: bool) -> None:
    assert _may_import(importer, imported) is may


def test_siblings_are_imported_relatively_and_all_others_absolutely() -> None:
    wrong = []
    for path in _paths("benchmark", "baselines", "metrics", "splits", "results"):
        package = _package(path)
        for each in _imports(path):
            # A sibling lies in the same folder or below it.
            sibling = each.target.startswith(f"{package}.")
            if sibling != (each.level > 0):
                wrong.append(f"{each} {'absolutely' if sibling else 'relatively'}")
    assert not wrong, "\n".join(wrong)


def test_modules_that_are_loaded_at_once_form_no_circle() -> None:
    """Inside a wing as well: which module was asked for first must make no difference."""
    modules = {_module(path) for path in _paths("benchmark", *(GROUND.keys() - {"tables"}))}
    below: dict[str, set[str]] = {module: set() for module in modules}
    for path in _paths("benchmark", *(GROUND.keys() - {"tables"})):
        for each in _loaded_at_once(path):
            target = each.target if each.target in modules else each.target.rpartition(".")[0]
            if target in modules and target != each.module:
                below[each.module].add(target)
    assert not (circle := _circle(below)), " -> ".join(circle)


def test_a_circle_is_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert not _circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})


def _loaded_at_once(path: Path) -> Iterator[Import]:
    """The imports outside functions and outside `if TYPE_CHECKING`."""
    lines: set[int] = set()
    nodes: list[ast.AST] = [_tree(path)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            nodes += node.orelse
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            lines.add(node.lineno)
        nodes += ast.iter_child_nodes(node)
    return (each for each in _imports(path) if each.line in lines)


def _circle(below: dict[str, set[str]]) -> list[str]:
    """The modules of one circle, the first named again at its end; empty where there is none."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module not in done:
            for each in sorted(below[module]):
                if found := visit(each, [*way, module]):
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(below) if (found := visit(module, []))), [])


def test_wings_form_no_circle() -> None:
    """Follows from the order; asked apart, for the order is a table that somebody may change."""
    below: dict[str, set[str]] = {}
    for each in IMPORTS:
        importer, imported = _wing(each.module), _wing(each.target)
        if importer and imported and importer != imported:
            below.setdefault(importer, set()).add(imported)
            below.setdefault(imported, set())
    circle = _circle(below)
    assert not circle, " -> ".join(f"{above} > {under}" for above, under in pairwise(circle))
