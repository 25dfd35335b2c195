import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.settings import Plan, Training
from mswal_bench.baselines.plug_ins import PlugInError
from mswal_bench.baselines.registry import (
    METHODS,
    all_methods,
    find_method,
    find_variant,
    method_names,
    plug_in_of,
    refused_names,
)

from .installed_plug_ins import HEAD, imported_from, install


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
    assert (options["pooled_projection"], options["mini_decoder"]) == (False, True)
    training = released.settings(Budget.PAPER)["training"]
    assert training == asdict(Training(epochs=1500, learning_rate=1e-3))
    assert training["decay_exponent"] == 0.9
    assert not released.variants()


@pytest.mark.parametrize("budget", Budget)
def test_the_variant_with_running_statistics_differs_in_nothing_else(budget):
    method = METHODS["inception-nnunet"]
    variant = method.variants()["running-statistics"]
    settings = dict(method.settings(budget))
    assert settings.pop("statistics_batches") > 0
    assert variant.settings(budget) == settings
    (said,) = [each for each in variant.card.chosen if each not in method.card.chosen]
    assert said.value.startswith("running")
    assert not any(
        "re-estimated" in text for text in (*variant.card.differences, *(each.value for each in variant.card.chosen))
    )


@pytest.mark.parametrize("budget", Budget)
def test_methods_that_plan_the_same_voxels_say_so(budget):
    by_preparation = {}
    for method in METHODS.values():
        for each in (method, *method.variants().values()):
            by_preparation.setdefault(each.preparation(budget), set()).add(each.name)
    alike = {"nnunet-v2", "nnunet-resenc", "nnformer", "swin-unetr", "inception-nnunet"}
    alike |= {f"inception-nnunet-{variant}" for variant in METHODS["inception-nnunet"].variants()}
    groups = sorted(by_preparation.values(), key=len)
    # Of its authors' settings MedNeXt's alone has a spacing; what nnU-Net v1 prepares is its own, and said by None.
    assert groups == (
        [{"nnunet-v1"}, {"mednext"}, alike] if budget is Budget.PAPER else [{"nnunet-v1"}, alike | {"mednext"}]
    )
    assert by_preparation[None] == {"nnunet-v1"}


def test_variants_have_titles_of_their_own():
    titles = [each.title for method in METHODS.values() for each in (method, *method.variants().values())]
    assert len(titles) == len(set(titles))
    assert METHODS["inception-nnunet"].variants()["II"].title == "Inception nnU-Net, variant II"


def test_the_ablation_variants_are_the_rows_of_table_3():
    method = METHODS["inception-nnunet"]
    variants = method.variants()
    assert list(variants) == ["I", "II", "III", "IV", "V", "released", "running-statistics"]
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
    assert settings["output_weights"] == (1, 0.5, 0.25, 0.125, 0.0625)


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


@pytest.fixture
def site(tmp_path):
    """A folder with a plug-in that works and has a variant, two that ask for one name, and one that is broken."""
    variant = "lambda: {'fine': Plug('plug-fine')}"
    install(tmp_path, "plug", f"{HEAD}METHOD = Plug('plug', variants={variant})")
    install(tmp_path, "twin-a", HEAD, points="twin = twin_a:METHOD")
    install(tmp_path, "twin-b", HEAD, version="2.0", points="twin = twin_b:METHOD")
    install(tmp_path, "broken", "import there_is_no_such_module")
    install(tmp_path, "thief", HEAD, points="nnunet-v2 = thief:METHOD\ninception-nnunet-released = thief:METHOD")
    with imported_from(tmp_path):
        yield tmp_path


def test_plug_ins_come_after_the_methods_of_this_package(site):
    methods, broken = all_methods()
    assert [method.name for method in methods] == [*METHODS, "plug"]
    assert sorted(error.plug_in.package for error in broken) == ["broken", "thief", "thief", "twin-a", "twin-b"]


def test_names_are_known_without_loading(site):
    assert method_names() == (*METHODS, "broken", "plug")
    told = {f"{error.plug_in.package}: {error.faults[0]}" for error in refused_names()}
    assert told == {
        "thief: the name nnunet-v2 is taken by mswal-bench itself",
        "thief: the name inception-nnunet-released is taken by mswal-bench itself",
        "twin-a: the name twin is taken by twin-b 2.0",
        "twin-b: the name twin is taken by twin-a 1.0",
    }
    assert not {"plug", "thief", "twin_a", "twin_b"} & set(sys.modules)


def test_only_the_plug_in_that_is_asked_for_is_loaded(site):
    assert find_method("nnunet-v2") is METHODS["nnunet-v2"]
    assert find_method("there-is-none") is None
    assert "plug" not in sys.modules
    assert find_method("plug").title == "Plug"
    with pytest.raises(PlugInError, match="importing broken:METHOD raises ModuleNotFoundError"):
        find_method("broken")
    with pytest.raises(PlugInError, match=r"twin-a 1\.0, twin: the name twin is taken by twin-b 2\.0"):
        find_method("twin")


def test_where_a_method_came_from(site):
    plug = find_method("plug")
    for method in (plug, plug.variants()["fine"]):
        assert plug_in_of(method).origin == "plug 1.0"
    # Of the same name, and yet another.
    namesake = type("Other", (type(plug),), {})("plug")
    assert plug_in_of(namesake) is None
    assert plug_in_of(METHODS["nnunet-v2"]) is None


def test_what_a_run_names(site):
    assert find_variant("nnunet-v2") == ("nnunet-v2", None)
    assert find_variant("inception-nnunet-II") == ("inception-nnunet", "II")
    assert find_variant("plug-fine") == ("plug", "fine")
    for name in ("plug-coarse", "plugged", "broken", "twin"):
        assert find_variant(name) is None


def test_knowing_the_methods_needs_no_torch():
    code = "import sys, mswal_bench.baselines.registry; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "nnunetv2", "monai"}
