import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.launch.launched_methods import launched_methods


def names(*asked):
    return [method.name for method in launched_methods(asked)]


def test_all_stands_for_every_method_of_this_package():
    assert names("all") == list(METHODS)
    assert names("mednext", "all", "nnunet-v2") == ["mednext", *(name for name in METHODS if name != "mednext")]


def test_a_variant_by_the_name_of_its_run():
    assert names("inception-nnunet-II", "inception-nnunet") == ["inception-nnunet-II", "inception-nnunet"]


def test_all_wrong_names_are_told_at_once():
    with pytest.raises(BenchError) as error:
        launched_methods(["nnunet", "mednext", "inception-nnunet-XI"])
    assert len(error.value.problems) == 2
    assert "'nnunet'" in str(error.value)
