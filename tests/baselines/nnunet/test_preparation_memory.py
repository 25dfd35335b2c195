"""The memory that preparing a data set may take: cases that do not fit are refused before anything begins."""

from dataclasses import replace

import pytest

pytest.importorskip("nnunetv2")
pytest.importorskip("psutil")
from nnunetv2.experiment_planning import plan_and_preprocess_api as nnunet

from mswal_bench.baselines.method import Budget, Job, MethodError
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.baselines.worker_memory import GB, held_memory
from mswal_bench.splits import five_folds

from .quick_nnunet import quick_nnunet


@pytest.fixture
def job(small_phantom, tmp_path):
    cases = [path.name.removesuffix(".nii.gz") for path in (small_phantom / "labelsTr").iterdir()]
    return Job(small_phantom, tmp_path, five_folds(cases), Budget.SMOKE, "cpu", 0)


@pytest.mark.parametrize("name", ["nnunet-v2", "nnunet-v1"])
def test_refused_it_leaves_what_was_prepared_before(job, name):
    if name == "nnunet-v1":
        pytest.importorskip("nnunet")
    before = Workspace(job.work / "nnunet").preprocessed / "of before"
    before.mkdir(parents=True)
    with pytest.raises(MethodError, match=r"^By estimate, 5 of 5 cases need more .* about 0\.5 GB"):
        METHODS[name].prepare(replace(job, memory_bytes=held_memory() + GB // 5), lambda *_: None)
    assert before.is_dir()
    made = {path.name for path in job.work.rglob("*") if path.is_file() and not path.is_symlink()}
    assert made <= {"log.txt", "dataset.json"}


def test_what_is_given_bounds_the_workers(job, monkeypatch):
    """A worker of a tiny case takes less than half a gigabyte."""
    asked = []

    def stop(*_, num_processes, **__):
        asked.append(num_processes)
        raise KeyboardInterrupt

    monkeypatch.setenv("MSWAL_BENCH_CORES", "8")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(8))
    monkeypatch.setattr(nnunet, "extract_fingerprint_dataset", stop)
    for workers in (1, 3, 8):
        given = held_memory() + int((workers + 0.5) * GB / 2)
        with quick_nnunet(), pytest.raises(KeyboardInterrupt):
            METHODS["nnunet-v2"].prepare(replace(job, memory_bytes=given), lambda *_: None)
    assert asked == [1, 3, 8]
