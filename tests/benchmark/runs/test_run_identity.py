"""What makes two calls the same run: with runs begun by version 0.1.0, and with a plug-in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.nnunet.settings import Recipe as NnUNetRecipe
from mswal_bench.baselines.registry import METHODS, find_method
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.dataset import Dataset, open_dataset
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_identity import run_identity
from mswal_bench.benchmark.runs.run_record import RunIdentity
from mswal_bench.tests.baselines.installed_plug_ins import HEAD, imported_from, install

# As version 0.1.0 wrote them into run.json, under the budget `paper`.
OF_0_1_0 = {
    "inception-nnunet": "sha256:277b60505919d7da407bcff3270295c591f7be599afd5dba0ca5535866c4458d",
    "nnunet-v2": "sha256:02823bcd1caf268fdda02bac30c6d930a799c23b949a0dc673376058f45138f3",
}
# As it was when nothing re-estimated the statistics of batch normalisations. The short budgets have other networks now.
BEFORE_STATISTICS = {
    ("inception-nnunet", Budget.PAPER): "sha256:e2d8e0150fd36f08efd6d4668020d2a2aefbc1f3c292400269568d8046c112f9",
}
ALL = {each.name: each for method in METHODS.values() for each in (method, *method.variants().values())}
# The same of what was set before a change: of MedNeXt's loss, of the released variant's network and learning rate.
OF_ANOTHER_RECIPE = {
    "mednext": "sha256:f8daa9b6be8ed1347fd37b018d6e76501f408e0026eeaaf3e4fee66f5bf3bdda",
    "inception-nnunet-released": "sha256:93f26f367d28b28fdd80a55521f940e02009d79014419bf993f2f5d85f6f70c2",
}


@pytest.fixture
def dataset(raw: Path) -> Dataset:
    return open_dataset(raw)


def identity(method, dataset: Dataset, begun: RunIdentity | None = None) -> RunIdentity:
    return run_identity(method, dataset, Budget.PAPER, 0, None, begun)


@pytest.mark.parametrize("name", OF_0_1_0)
def test_a_run_of_version_0_1_0_goes_on(dataset, name):
    now = identity(METHODS[name], dataset)
    begun = now.model_copy(update={"settings_digest": OF_0_1_0[name]})
    assert identity(METHODS[name], dataset, begun) == begun
    assert identity(METHODS[name], dataset, now) == now


@pytest.mark.parametrize("name", OF_ANOTHER_RECIPE)
def test_a_run_begun_with_another_recipe_does_not_go_on(dataset, name, tmp_path):
    method = ALL[name]
    now = identity(method, dataset)
    begun = now.model_copy(update={"settings_digest": OF_ANOTHER_RECIPE[name]})
    assert identity(method, dataset, begun) == now != begun
    folder = RunFolder(tmp_path)
    folder.open(begun)
    with pytest.raises(BenchError, match=r"another settings digest.*or the version of mswal-bench that began the run"):
        folder.open(identity(method, dataset, begun))


@pytest.mark.parametrize(("name", "budget"), BEFORE_STATISTICS)
def test_a_run_begun_before_statistics_were_re_estimated_goes_on(dataset, name, budget):
    now = run_identity(METHODS[name], dataset, budget, 0, None)
    begun = now.model_copy(update={"settings_digest": BEFORE_STATISTICS[name, budget]})
    assert begun != now
    assert run_identity(METHODS[name], dataset, budget, 0, None, begun) == begun
    assert run_identity(METHODS[name], dataset, budget, 0, None, now) == now


@pytest.mark.parametrize("name", ALL)
def test_what_is_re_estimated_is_said_of_those_alone_that_have_batch_normalisation(name):
    method = ALL[name]
    for budget in Budget:
        recipe = method.recipes[budget]
        settings = method.settings(budget)
        if isinstance(recipe, NnUNetRecipe):
            options = {**recipe.plan.arguments, **method.network_options}
            has_batch_norm = "BatchNorm" in options.get("norm_op", "")
        else:
            has_batch_norm = recipe.network is not None
        wanted = has_batch_norm and name != "inception-nnunet-running-statistics"
        assert ("statistics_batches" in settings) == wanted
        assert (recipe.statistics_batches > 0) == wanted


def test_a_run_without_a_network_of_its_own_has_the_same_identity_as_ever(dataset):
    assert identity(METHODS["nnunet-v2"], dataset).settings_digest == OF_0_1_0["nnunet-v2"]


def test_where_a_network_lies_is_no_part_of_the_identity(dataset):
    method = METHODS["inception-nnunet"]
    moved = replace(method, network_class="mswal_bench.baselines.inception.InceptionUNet")
    another = replace(method, network_class="mswal_bench.baselines.networks.inception_unet.OtherUNet")
    begun = identity(method, dataset)
    assert identity(moved, dataset, begun) == begun
    assert identity(another, dataset, begun) != begun


def test_of_a_plug_in_package_and_version_belong_to_it(dataset, tmp_path):
    install(tmp_path, "plug", f"{HEAD}METHOD = Plug('plug', variants=lambda: {{'fine': Plug('plug-fine')}})")
    with imported_from(tmp_path):
        plug = find_method("plug")
        for method in (plug, plug.variants()["fine"]):
            found = identity(method, dataset)
            assert (found.method, found.package, found.package_version) == (method.name, "plug", "1.0")
    assert identity(METHODS["nnunet-v2"], dataset).package is None
