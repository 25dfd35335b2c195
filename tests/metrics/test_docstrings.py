from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

from mswal_bench import metrics

NAMES = [module.name for module in walk_packages(metrics.__path__, f"{metrics.__name__}.")]
MODULES = [import_module(name) for name in NAMES]
TESTS = [test for module in MODULES for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name.removeprefix(f"{metrics.__name__}."))
def test_the_docstrings_examples_run(test: doctest.DocTest) -> None:
    runner = doctest.DocTestRunner()
    output: list[str] = []
    assert runner.run(test, out=output.append).failed == 0, "".join(output)


def test_the_public_functions_have_examples() -> None:
    names = {test.name.rpartition(".")[2] for test in TESTS}
    assert {"score_case", "foreground_of", "connected_components"} <= names
