import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs.method_choice import chosen_method


def test_a_method_and_its_variants():
    assert chosen_method("nnunet-v2") is METHODS["nnunet-v2"]
    assert chosen_method("inception-nnunet", "III").name == "inception-nnunet-III"


def test_what_is_not_there():
    with pytest.raises(BenchError, match="there is no method 'nnunet': expected one of: inception-nnunet, nnunet-v1"):
        chosen_method("nnunet")
    with pytest.raises(BenchError, match="nnunet-v2 has no variant 'x': expected one of: none"):
        chosen_method("nnunet-v2", "x")
