"""What a recipe sets, in the plans that nnU-Net's planner makes for a phantom."""

from dataclasses import replace
from math import prod

import pytest

from mswal_bench.baselines import worker_memory
from mswal_bench.baselines.method import Budget, Job
from mswal_bench.baselines.nnunet.plans import CONFIGURATION, read_plans, read_training_cases
from mswal_bench.baselines.nnunet.settings import Plan, Recipe, Training
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.splits import five_folds

from .quick_nnunet import quick_nnunet

pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow


@pytest.fixture
def workers(monkeypatch):
    """How many processes each step of nnU-Net's gets, on eight cores with memory for two workers of a tiny case."""
    from nnunetv2.experiment_planning import plan_and_preprocess_api as nnunet

    from mswal_bench.baselines.nnunet.case_preparation import PlaneByPlane

    asked = {}

    def note(place: object, step: str) -> None:
        do = getattr(place, step)

        def noted(*arguments, **options):
            asked[step] = options["num_processes"]
            return do(*arguments, **options)

        monkeypatch.setattr(place, step, noted)

    note(nnunet, "extract_fingerprint_dataset")
    note(PlaneByPlane, "run")
    monkeypatch.setattr(worker_memory, "cores", lambda: 8)
    monkeypatch.setattr(worker_memory, "free_memory", lambda: 1_200_000_000)
    return asked


def test_a_recipe_lands_in_the_plans(small_phantom, tmp_path, workers):
    plan = Plan(patch=(48, 32, 32), batch_size=3, spacing=(6.0, 5.0, 5.0), arguments={"size": "S", "channels": 4})
    method = replace(METHODS["mednext"], recipes={Budget.SMOKE: Recipe(Training(), plan)})
    cases = [path.name.removesuffix(".nii.gz") for path in (small_phantom / "labelsTr").iterdir()]
    job = Job(small_phantom, tmp_path, five_folds(cases), Budget.SMOKE, "cpu", 0)
    with quick_nnunet():
        method.prepare(job, lambda done, total, note: None)

    assert workers == {"extract_fingerprint_dataset": 2, "run": 2}

    workspace = Workspace(tmp_path / "nnunet")
    for number, fold in enumerate(job.folds):
        assert read_training_cases(workspace, [number]) == sorted(fold.train)
    configuration = read_plans(workspace)["configurations"][CONFIGURATION]
    assert configuration["patch_size"] == [48, 32, 32]
    assert configuration["batch_size"] == 3
    assert configuration["spacing"] == [6, 5, 5]
    # 84 x 60 x 60 voxels of 4 mm.
    assert prod(configuration["median_image_size_in_voxels"]) == pytest.approx(56 * 48 * 48, rel=0.05)
    # Nothing of the U-Net that was planned is left.
    assert configuration["architecture"] == {
        "network_class_name": method.network_class,
        "arch_kwargs": {"size": "S", "channels": 4},
        "_kw_requires_import": [],
    }
