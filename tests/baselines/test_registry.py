import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.settings import Plan, Training
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
    assert settings["plan"] == asdict(Plan())
    assert settings["network_options"]["norm_op"].endswith("BatchNorm3d")
    assert settings["network_options"]["nonlin"].endswith(".ReLU")


def test_the_released_variant_is_a_method_of_its_own_name():
    released = METHODS["inception-nnunet"].variants()["released"]
    assert released.name == "inception-nnunet-released"
    options = released.settings(Budget.PAPER)["network_options"]
    assert options["norm_op"].endswith("InstanceNorm3d")
    assert options["nonlin"].endswith("LeakyReLU")
    assert not released.variants()


def test_variants_have_titles_of_their_own():
    titles = [each.title for method in METHODS.values() for each in (method, *method.variants().values())]
    assert len(titles) == len(set(titles))
    assert METHODS["inception-nnunet"].variants()["II"].title == "Inception nnU-Net, variant II"


def test_the_ablation_variants_are_the_rows_of_table_3():
    method = METHODS["inception-nnunet"]
    variants = method.variants()
    assert list(variants) == ["I", "II", "III", "IV", "V", "released"]
    columns = ("downsampling_left", "mini_right", "mini_residual")
    # Three columns: Inception Downsampling, Mini Inception, residual connection.
    rows = {"I": "✗✗✗", "II": "✗✓✓", "III": "✓✗✓", "IV": "✓✓✗", "V": "✓✓✓"}
    for variant, row in rows.items():
        found = variants[variant].settings(Budget.PAPER)
        switches = {column: mark == "✓" for column, mark in zip(columns, row, strict=True)}
        assert found["network_options"] == method.settings(Budget.PAPER)["network_options"] | switches
        assert found | {"network_options": None} == method.settings(Budget.PAPER) | {"network_options": None}


@pytest.mark.parametrize(
    ("name", "planner"), [("nnunet-v2", "ExperimentPlanner"), ("nnunet-resenc", "nnUNetPlannerResEncL")]
)
def test_nnunet_itself_is_untouched_under_paper(name, planner):
    settings = METHODS[name].settings(Budget.PAPER)
    assert settings["planner"] == planner
    assert settings["network_class"] is None
    assert settings["plan"] == asdict(Plan())
    assert settings["network_options"] == {}
    assert (settings["planned_arguments"], settings["output_weights"], settings["compiled"]) == (True, None, True)
    assert settings["training"] == asdict(Training())
    assert settings["training"]["epochs"] == 1000


def test_mednext_sets_what_its_authors_do():
    settings = METHODS["mednext"].settings(Budget.PAPER)
    assert settings["training"] == asdict(
        Training(optimizer="adamw", learning_rate=1e-3, epsilon=1e-4, weight_decay=3e-5, decay_exponent=0.9)
    )
    plan = settings["plan"]
    assert (plan["patch"], plan["batch_size"], plan["spacing"]) == ((128, 128, 128), 2, (1, 1, 1))
    assert (plan["arguments"]["size"], plan["arguments"]["kernel"]) == ("L", 3)
    assert settings["output_weights"] == (1, 0.5, 0.25, 0.125, 0)


def test_swin_unetr_sets_what_its_authors_do():
    settings = METHODS["swin-unetr"].settings(Budget.PAPER)
    training = settings["training"]
    assert (training["optimizer"], training["learning_rate"], training["weight_decay"]) == ("adamw", 1e-4, 1e-5)
    assert (training["decay"], training["warmup_epochs"] / training["epochs"]) == ("cosine", 50 / 5000)
    assert settings["plan"]["patch"] == (96, 96, 96)
    assert settings["plan"]["spacing"] is None
    assert settings["plan"]["arguments"] == {"feature_size": 48, "window": 7}
    assert settings["output_weights"] == (1,)


def test_nnformer_sets_what_its_authors_do():
    settings = METHODS["nnformer"].settings(Budget.PAPER)
    assert settings["training"] == asdict(
        Training(epochs=1000, optimizer="sgd", learning_rate=1e-2, weight_decay=3e-5, decay_exponent=0.9)
    )
    plan = settings["plan"]
    assert plan["patch"] == plan["arguments"]["patch_size"] == (64, 128, 128)
    assert plan["batch_size"] == 2
    assert settings["output_weights"] == (1, 0.5, 0.25)


def test_knowing_the_methods_needs_no_torch():
    code = "import sys, mswal_bench.baselines.registry; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "nnunetv2", "monai"}
