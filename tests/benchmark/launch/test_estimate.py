"""What is left of runs: hours by what they measured or what is published, and disk by headers and cards."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mswal_bench.baselines import stored_cases
from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.launch.estimate import Estimate, Source, estimates
from mswal_bench.benchmark.runs.tracks import Track

from .planned import launch_of, planned, session

PLAIN, RESENC, INCEPTION = METHODS["nnunet-v2"], METHODS["nnunet-resenc"], METHODS["inception-nnunet"]


@pytest.fixture
def launch(small_phantom, tmp_path):
    return launch_of(small_phantom, tmp_path, PLAIN)


def hours(launch, method, training=None):
    found = estimates(launch, [planned(launch, method, training)])[method.name]
    return found.folds_left, found.gpu_hours, found.source


def test_published_hours_times_the_folds_left(launch, small_phantom, tmp_path):
    assert hours(launch, PLAIN) == ((0, 1, 2, 3, 4), 45, Source.PUBLISHED)
    assert hours(launch, RESENC) == ((0, 1, 2, 3, 4), 175, Source.PUBLISHED)
    two = launch_of(small_phantom, tmp_path, RESENC, selection="1,3")
    assert hours(two, RESENC) == ((1, 3), 70, Source.PUBLISHED)


@pytest.mark.parametrize(
    ("method", "changed"), [(INCEPTION, {}), (PLAIN, {"budget": Budget.DEMO}), (PLAIN, {"device": "cpu"})]
)
def test_hours_that_nothing_tells_are_not_known(small_phantom, tmp_path, method, changed):
    launch = launch_of(small_phantom, tmp_path, method, **changed)
    assert hours(launch, method) == ((0, 1, 2, 3, 4), None, Source.UNKNOWN)


def test_measured_hours_go_before_published_ones(launch):
    done = session(10, 0, 1000)
    # 100 epochs in 2 hours, then a kill; fold 2 goes on from there.
    training = {0: [done], 2: [session(2, 0, 100), session(None, 100, None)]}
    left, found, source = hours(launch, PLAIN, training)
    assert (left, source) == ((1, 2, 3, 4), Source.MEASURED)
    assert found == pytest.approx((3 * 1000 + 900) * 12 / 1100)


def test_a_killed_training_measures_nothing(launch):
    assert hours(launch, PLAIN, {0: [session(None, 0, None)]}) == ((0, 1, 2, 3, 4), 45, Source.PUBLISHED)


def test_time_on_another_kind_of_device_measures_nothing(small_phantom, tmp_path):
    on_cpu = {0: [session(50, 0, 1000, "cpu")]}
    launch = launch_of(small_phantom, tmp_path, PLAIN)
    assert hours(launch, PLAIN, on_cpu) == ((1, 2, 3, 4), 36, Source.PUBLISHED)
    launch = launch_of(small_phantom, tmp_path, PLAIN, device="cpu")
    assert hours(launch, PLAIN, on_cpu) == ((1, 2, 3, 4), 200, Source.MEASURED)


def test_trained_folds_leave_nothing(launch):
    trained = {fold: [session(9, 0, 1000)] for fold in range(5)}
    assert estimates(launch, [planned(launch, PLAIN, trained)]) == {
        "nnunet-v2": Estimate((), 0, Source.NOTHING_LEFT, 0)
    }


def test_disk_is_checkpoints_and_once_the_prepared_cases(launch, monkeypatch):
    read = []
    # Two million voxels, of which resampling to 1 mm makes eight.
    shape, spacing = (200, 100, 100), (2.0, 2.0, 1.0)
    header = SimpleNamespace(shape=shape, spacing_mm=spacing, bytes=2)
    monkeypatch.setattr(stored_cases, "_header", lambda file, unreadable: read.append(file) or header)
    mednext = METHODS["mednext"]
    runs = [planned(launch, PLAIN), planned(launch, RESENC, prepared_by=PLAIN), planned(launch, mednext)]
    found = {name: each.disk_bytes for name, each in estimates(launch, runs).items()}
    assert len(read) == 5, "each image once for all methods, and no label map"
    as_stored, at_one_mm = 5 * (4_000_000 + 4 * 2_000_000), 5 * (4_000_000 + 4 * 8_000_000)
    assert found == {
        "nnunet-v2": as_stored + 5 * 3 * 8 * 31_200_424,
        "nnunet-resenc": 5 * 3 * 8 * 102_354_600,
        "mednext": at_one_mm + 5 * 3 * 12 * 61_787_176,
    }
    v1 = METHODS["nnunet-v1"]
    assert estimates(launch, [planned(launch, v1)])["nnunet-v1"].disk_bytes == (
        5 * round(4_000_000 + 16.5 * 2_000_000) + 5 * 2 * 8 * 30_789_984
    )


def test_a_prepared_run_says_how_large_its_network_is(small_phantom, tmp_path):
    launch = launch_of(small_phantom, tmp_path, PLAIN, budget=Budget.DEMO)
    begun = planned(launch, PLAIN, {}, parameters=1000)
    assert estimates(launch, [begun])["nnunet-v2"].disk_bytes == 5 * 3 * 12 * 1000, "at most, with Muon"
    assert estimates(launch, [planned(launch, PLAIN)])["nnunet-v2"].disk_bytes is None, "the card is of another budget"


def test_disk_that_nothing_tells_is_not_known(launch, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(type(PLAIN), "checkpoint_bytes", lambda self, parameters, budget: None)
        assert estimates(launch, [planned(launch, PLAIN)])["nnunet-v2"].disk_bytes is None
    monkeypatch.setattr(type(PLAIN), "prepared_bytes", lambda self, cases, budget: None)
    assert estimates(launch, [planned(launch, PLAIN)])["nnunet-v2"].disk_bytes is None


def test_a_header_that_cannot_be_read_makes_the_bound_unknown(launch, tmp_path):
    case, *others = launch.goal.dataset.train.values()
    damaged = tmp_path / case.image.name
    damaged.write_text("no volume")
    train = {case.id: replace(case, image=damaged), **{other.id: other for other in others}}
    object.__setattr__(launch.goal, "dataset", replace(launch.goal.dataset, train=train))
    assert estimates(launch, [planned(launch, PLAIN)])["nnunet-v2"].disk_bytes is None


def test_a_finished_run_has_nothing_left(launch, monkeypatch):
    run = planned(launch, PLAIN, {})
    run.__dict__["is_finished"] = True
    assert estimates(launch, [run])["nnunet-v2"] == Estimate((), 0, Source.NOTHING_LEFT, 0)


def test_every_training_image_counts_on_the_other_track_too(small_phantom: Path, tmp_path: Path):
    bounds = {
        estimates(launch, [planned(launch, PLAIN)])["nnunet-v2"].disk_bytes
        for launch in (launch_of(small_phantom, tmp_path, PLAIN, track=track) for track in Track)
    }
    assert len(bounds) == 1
    assert (bounds.pop() or 0) > 5 * (4_000_000 + 3 * 8 * 31_200_424)
