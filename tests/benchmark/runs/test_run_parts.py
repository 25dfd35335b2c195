"""A run done in parts by several calls, as the jobs of a launch do it."""

import threading

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_method import run_method
from mswal_bench.benchmark.runs.run_record import read_run_record
from mswal_bench.benchmark.runs.stages import ALL_OF_IT, Part, Stage
from mswal_bench.benchmark.runs.tracks import Shard, Track

from .quick_method import QuickMethod


class Counted(QuickMethod):
    """Notes what it was asked to do."""

    def __init__(self, name="quick", alike=None):
        self.name, self.alike, self.did = name, alike, []

    def preparation(self, budget):
        return self.alike

    def prepare(self, job, report):
        self.did.append("prepare" if job.prepared is None else f"take over from {job.prepared.name}")

    def train(self, job, fold, report):
        self.did.append(f"train {fold}")
        super().train(job, fold, report)

    def predict(self, job, folds, images, out, report):
        self.did.append(f"predict {len(images)}")
        return super().predict(job, folds, images, out, report)


@pytest.fixture
def quick(monkeypatch):
    method = Counted()
    monkeypatch.setitem(METHODS, "quick", method)
    return method


def run(method, raw, work, part=ALL_OF_IT, selection="0,1", track=Track.PUBLIC_CV, **more):
    return run_method(method, raw, work, selection=selection, track=track, device="cpu", check=False, part=part, **more)


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.nii.gz")}


def test_each_stage_goes_on_from_the_one_before(raw, tmp_path, quick):
    goal = tmp_path / "public-cv-fold-0-1"
    done = []
    for stage in Stage:
        assert run(quick, raw, tmp_path, Part(stage)).stage is stage
        done.append(list(quick.did))
        quick.did.clear()
        assert goal.joinpath("record.json").exists() == (stage is Stage.RECORD)
    # Two folds held out one case each.
    assert done == [[], ["prepare"], ["train 0", "train 1"], ["predict 1", "predict 1"], []]
    assert run(quick, raw, tmp_path).finished_before


def test_a_check_alone_begins_no_run(raw, tmp_path, quick):
    outcome = run_method(quick, raw, tmp_path / "work", device="cpu", part=Part(Stage.CHECK))
    assert (outcome.stage, quick.did) == (Stage.CHECK, [])
    assert not RunFolder(tmp_path / "work").is_begun


def test_shards_by_several_calls_are_the_bytes_of_one(raw, tmp_path, quick):
    run(quick, raw, tmp_path / "one", selection="all")
    work = tmp_path / "parts"
    run(quick, raw, work, Part(Stage.TRAIN), selection="all")
    quick.did.clear()
    for number in (3, 1, 2, 1):
        run(quick, raw, work, Part(shard=Shard(number, 3)), selection="all")
    # Of five folds with a case each; the second call for the first shard had nothing to do.
    assert quick.did == ["predict 1"] * 5
    quick.did.clear()
    run(quick, raw, work, selection="all")
    assert quick.did == [], "what is predicted is only scored"
    assert files(work / "public-cv") == files(tmp_path / "one" / "public-cv")
    assert len(files(work)) == 5
    one, parts = (read_run_record(folder / "public-cv-fold-all" / "record.json") for folder in (tmp_path / "one", work))
    assert one.scores == parts.scores
    assert parts.predicted.resources.device_waited_s == one.predicted.resources.device_waited_s


def test_a_shard_whose_label_map_is_gone_is_predicted_again(raw, tmp_path, quick):
    run(quick, raw, tmp_path, Part(Stage.TRAIN))
    shard = Part(shard=Shard(1, 2))
    run(quick, raw, tmp_path, shard)
    (path,) = tmp_path.rglob("*.nii.gz")
    path.unlink()
    run(quick, raw, tmp_path, shard)
    assert path.exists()


def test_a_shard_needs_folds_that_are_trained(raw, tmp_path, quick):
    run(quick, raw, tmp_path, Part(Stage.TRAIN), selection="0")
    with pytest.raises(BenchError) as error:
        run(quick, raw, tmp_path, Part(shard=Shard(1, 2)), selection="0,1,2")
    assert [problem.what for problem in error.value.problems] == [
        "fold 1 is not trained to its end",
        "fold 2 is not trained to its end",
    ]


def test_where_another_call_is_at_work_it_waits_as_long_as_it_is_told(raw, tmp_path, quick):
    run(quick, raw, tmp_path, Part(Stage.PREPARE))
    held, go = threading.Event(), threading.Event()

    def hold():
        with RunFolder(tmp_path).holding(["fold 0"]):
            held.set()
            go.wait(30)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    assert held.wait(30)
    with pytest.raises(BenchError, match="another run is at work on fold 0"):
        run(quick, raw, tmp_path, Part(Stage.TRAIN, patience_s=0.05))
    threading.Timer(0.3, go.set).start()
    run(quick, raw, tmp_path, Part(Stage.TRAIN, patience_s=30))
    thread.join(30)
    assert quick.did == ["prepare", "train 0", "train 1"]


@pytest.fixture
def alike(raw, tmp_path, monkeypatch):
    """Two methods that prepare alike, and the folder of the first, which is prepared."""
    methods = Counted("quick", "plans"), Counted("twin", "plans")
    for method in methods:
        monkeypatch.setitem(METHODS, method.name, method)
    run(methods[0], raw, tmp_path / "quick", Part(Stage.PREPARE))
    return methods[1], tmp_path / "quick"


def test_prepared_cases_are_taken_over(raw, tmp_path, alike):
    twin, prepared = alike
    run(twin, raw, tmp_path / "twin", Part(Stage.PREPARE, prepared_by=prepared))
    run(twin, raw, tmp_path / "twin", Part(prepared_by=tmp_path / "gone by now"))
    assert twin.did[:2] == ["take over from quick", "train 0"]
    record = read_run_record(tmp_path / "twin" / "public-cv-fold-0-1" / "record.json")
    assert record.prepared_by is not None
    assert record.prepared_by.method == "quick"


def test_what_cannot_be_taken_over_is_refused_before_anything_is_begun(raw, tmp_path, alike):
    twin, prepared = alike
    part = Part(prepared_by=prepared)
    work = tmp_path / "twin"
    with pytest.raises(BenchError, match=r"prepared from another budget"):
        run(twin, raw, work, part, budget=Budget.SMOKE)
    twin.alike = "other plans"
    with pytest.raises(BenchError, match=r"quick prepares cases otherwise than twin.*Leave out --prepared-by"):
        run(twin, raw, work, part)
    twin.alike = None
    with pytest.raises(BenchError, match="quick prepares cases otherwise than twin"):
        run(twin, raw, work, part)
    twin.alike = "plans"
    with RunFolder(prepared).changing() as state:
        state.prepared = None
    with pytest.raises(BenchError, match=r"its cases are not prepared.*--until prepare"):
        run(twin, raw, work, part)
    assert not work.exists()
    assert twin.did == []


def test_what_is_predicted_is_scored_and_nothing_else_done(raw, tmp_path, quick):
    score = Part(score_only=True)
    with pytest.raises(BenchError, match="fold 0 is not trained to its end"):
        run(quick, raw, tmp_path, score)
    run(quick, raw, tmp_path, Part(Stage.TRAIN))
    with pytest.raises(BenchError, match=r"not all cases are predicted: expected a label map of each, found 2 of 2"):
        run(quick, raw, tmp_path, score)
    assert "predict 1" not in quick.did
    run(quick, raw, tmp_path, Part(shard=Shard(1, 1)))
    did = list(quick.did)
    outcome = run(quick, raw, tmp_path, score)
    assert read_run_record(outcome.record).cases == 2
    assert quick.did == did


def test_label_maps_of_an_unknown_network_are_not_scored(raw, tmp_path, quick):
    run(quick, raw, tmp_path, Part(Stage.TRAIN))
    run(quick, raw, tmp_path / "other", Part(Stage.PREDICT))
    (tmp_path / "other" / "public-cv").rename(tmp_path / "public-cv")
    with pytest.raises(BenchError, match="it is not known what predicted the cases"):
        run(quick, raw, tmp_path, Part(score_only=True))
