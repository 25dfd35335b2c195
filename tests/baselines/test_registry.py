import json
import subprocess
import sys

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.registry import METHODS


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_is_and_sets(name):
    method = METHODS[name]
    assert method.name == name
    assert method.title
    assert method.publication
    for budget in Budget:
        assert json.loads(json.dumps(method.settings(budget)))
    assert method.epochs(Budget.SMOKE) < method.epochs(Budget.DEMO) < method.epochs(Budget.PAPER)


def test_inception_sets_what_the_paper_says():
    settings = METHODS["inception-nnunet"].settings(Budget.PAPER)
    assert settings["planner"] == "nnUNetPlannerResEncL"
    assert settings["training"]["epochs"] == 1500
    assert settings["training"]["learning_rate"] == 0.001
    assert settings["training"]["decay_exponent"] == 1
    assert settings["network"] is None
    assert settings["network_options"]["norm_op"].endswith("BatchNorm3d")
    assert settings["network_options"]["nonlin"].endswith(".ReLU")


def test_the_released_variant_is_a_method_of_its_own_name():
    released = METHODS["inception-nnunet"].variants()["released"]
    assert released.name == "inception-nnunet-released"
    options = released.settings(Budget.PAPER)["network_options"]
    assert options["norm_op"].endswith("InstanceNorm3d")
    assert options["nonlin"].endswith("LeakyReLU")
    assert not released.variants()


def test_nnunet_v2_is_untouched_under_paper():
    settings = METHODS["nnunet-v2"].settings(Budget.PAPER)
    assert settings["network_class"] is None
    assert settings["network"] is None
    assert settings["network_options"] == {}
    assert settings["training"]["epochs"] == 1000


def test_knowing_the_methods_needs_no_torch():
    code = "import sys, mswal_bench.baselines.registry; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "nnunetv2", "monai"}
