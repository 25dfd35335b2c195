"""The grid on which a network sees labels, against nnU-Net's own planner, and as plans have it."""

import json
import pickle
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mswal_bench.baselines.label_grid import LabelGrid, nnunet_grid
from mswal_bench.baselines.method import Budget, MethodError
from mswal_bench.baselines.registry import METHODS
from mswal_bench.baselines.stored_cases import StoredCase

SPACINGS = st.sampled_from([(1.0, 1.0, 1.0), (1.25, 0.7, 0.7), (5.0, 0.8, 0.8), (0.8, 0.8, 4.0), (2.0, 2.0, 1.1)])
CASE = StoredCase("a", (200, 512, 512), (1.25, 0.78, 0.78))
LINEAR = {"order": 1, "order_z": 0, "force_separate_z": None}


@given(
    st.lists(st.tuples(SPACINGS, st.tuples(*[st.integers(1, 40)] * 3)), min_size=1, max_size=5),
    st.sampled_from([None, (1.0, 1.0, 1.0), (1.0, 3.0, 2.0)]),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_the_grid_is_what_nnunets_planner_plans(cases, spacing):
    pytest.importorskip("nnunetv2")
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner

    fingerprint = {"spacings": [side for side, _ in cases], "shapes_after_crop": [shape for _, shape in cases]}
    planner = SimpleNamespace(
        overwrite_target_spacing=spacing,
        dataset_fingerprint=fingerprint,
        anisotropy_threshold=3,
        suppress_transpose=False,
    )
    planner.determine_fullres_target_spacing = lambda: ExperimentPlanner.determine_fullres_target_spacing(planner)
    target, (axes, _) = planner.determine_fullres_target_spacing(), ExperimentPlanner.determine_transpose(planner)
    grid = nnunet_grid([StoredCase("a", shape, side) for side, shape in cases], spacing, version=2)
    assert grid.axes == tuple(axes)
    assert grid.spacing_mm == tuple(target[axes].tolist())


def test_every_method_tells_its_grid():
    grids = {name: method.label_grid([CASE], Budget.PAPER) for name, method in METHODS.items()}
    planned = LabelGrid((1.25, 0.78, 0.78), (0, 1, 2), 2)
    assert grids.pop("mednext") == LabelGrid((1.0, 1.0, 1.0), (0, 1, 2), 2)
    assert grids.pop("nnunet-v1") == LabelGrid((1.25, 0.78, 0.78), (0, 1, 2), 1)
    assert len(grids) == 5
    assert set(grids.values()) == {planned}


def v2_plans(work, **changes):
    configuration = {
        "spacing": [2.0, 0.7, 0.8],
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_seg_kwargs": {"is_seg": True, **LINEAR},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": {"is_seg": False, **LINEAR},
        **changes,
    }
    file = work / "nnunet/preprocessed/Dataset001_Bench/benchPlans.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"transpose_forward": [2, 0, 1], "configurations": {"3d_fullres": configuration}}))


def test_plans_of_v2(tmp_path):
    method = METHODS["nnunet-v2"]
    with pytest.raises(MethodError, match="not been prepared"):
        method.planned_label_grid(tmp_path)
    v2_plans(tmp_path)
    assert method.planned_label_grid(tmp_path) == LabelGrid((2.0, 0.7, 0.8), (2, 0, 1), 2)
    v2_plans(tmp_path, resampling_fn_seg_kwargs={"is_seg": True, **LINEAR, "order": 0})
    with pytest.raises(MethodError, match="in a way of their own"):
        method.planned_label_grid(tmp_path)


def test_plans_of_v1(tmp_path):
    method = METHODS["nnunet-v1"]
    with pytest.raises(MethodError, match="not been prepared"):
        method.planned_label_grid(tmp_path)
    file = tmp_path / "nnunet/preprocessed/Task001_Bench/nnUNetPlansv2.1_plans_3D.pkl"
    file.parent.mkdir(parents=True)
    stages = {0: {"current_spacing": np.array([4.0, 2, 2])}, 1: {"current_spacing": np.array([2.0, 0.7, 0.8])}}
    plans = OrderedDict(plans_per_stage=stages, transpose_forward=[np.int64(2), 0, 1])
    file.write_bytes(pickle.dumps(plans))
    assert method.planned_label_grid(tmp_path) == LabelGrid((2.0, 0.7, 0.8), (2, 0, 1), 1)


def test_plans_of_v1_run_nothing(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    file = tmp_path / "nnunet/preprocessed/Task001_Bench/nnUNetPlansv2.1_plans_3D.pkl"
    file.parent.mkdir(parents=True)
    file.write_bytes(pickle.dumps({"plans_per_stage": Hostile()}))
    with pytest.raises(MethodError, match="cannot be read as the plans"):
        METHODS["nnunet-v1"].planned_label_grid(tmp_path)
    assert not (tmp_path / "ran").exists()
