"""The list of trainers is that of the nnU-Net that is installed."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from mswal_bench.baselines.nnunet.foreign_trainers import TRAINERS_OF_PLANNED_NETWORKS


def test_exactly_those_are_listed_that_build_no_network_of_their_own():
    spec = find_spec("nnunetv2")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("nnU-Net is not installed")
    (place,) = spec.submodule_search_locations
    bases: dict[str, list[str]] = {}
    builders = set()
    # Read, not imported: some want packages that are not there.
    for path in (Path(place) / "training" / "nnUNetTrainer").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [ast.unparse(base) for base in node.bases]
                own = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                if own & {"build_network_architecture", "initialize"} and node.name != "nnUNetTrainer":
                    builders.add(node.name)

    def keeps(name: str) -> bool:
        if name == "nnUNetTrainer":
            return True
        return name in bases and name not in builders and bases[name] != [] and all(map(keeps, bases[name]))

    assert len(bases) > 60
    assert "nnUNetTrainerBN" in builders
    assert {name for name in bases if keeps(name)} == TRAINERS_OF_PLANNED_NETWORKS
