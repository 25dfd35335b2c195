"""How many workers there may be, by cores, memory and control groups."""

import pytest

pytest.importorskip("psutil")
import psutil

from mswal_bench.baselines import worker_memory
from mswal_bench.baselines.worker_memory import allowed_memory, free_memory, workers_for

GB = 1_000_000_000


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr(worker_memory, "cores", lambda: 8)
    return monkeypatch


@pytest.mark.parametrize(
    ("free", "each", "most", "expected"),
    [
        (64, 6.4, None, 8),
        (64, 14, None, 4),
        (64, 14, 3, 3),
        (27.9, 14, None, 1),
        (28, 14, None, 2),
        (5, 14, None, 1),
        (0, 14, None, 1),
        (64, 0.4, 4, 4),
    ],
)
def test_workers_are_as_many_as_cores_and_memory_allow_and_one_at_least(eight_cores, free, each, most, expected):
    eight_cores.setattr(worker_memory, "free_memory", lambda: int(free * GB))
    assert workers_for(each * GB, most) == expected


def write(folder, **numbers):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in numbers.items():
        (folder / name.replace("__", ".")).write_text(f"{content}\n")


def test_of_version_2_every_group_above_counts(tmp_path):
    """A job's own group has no limit, the node's does: what it gives back when asked counts as free."""
    root, own = tmp_path / "cgroup", tmp_path / "own"
    own.write_text("0::/slurm/job_7/step_0\n")
    write(root / "slurm" / "job_7" / "step_0", memory__max="max", memory__current=2 * GB)
    write(
        root / "slurm" / "job_7",
        memory__max=20 * GB,
        memory__current=15 * GB,
        memory__stat=f"anon 1\ninactive_file {3 * GB}\nactive_file 5",
    )
    write(root, memory__stat="anon 1")
    assert list(allowed_memory(root, own)) == [8 * GB]


def test_of_version_1_the_controller_for_memory_counts(tmp_path):
    root, own = tmp_path / "cgroup", tmp_path / "own"
    own.write_text("12:cpu,cpuacct:/a\n4:memory:/docker/abc\n1:name=systemd:/\n")
    # The group as the container sees it: at the root.
    write(
        root / "memory",
        memory__limit_in_bytes=4 * GB,
        memory__usage_in_bytes=GB,
        memory__stat=f"inactive_file 7\ntotal_inactive_file {GB // 2}",
    )
    write(root / "cpu,cpuacct" / "a", memory__limit_in_bytes=1, memory__usage_in_bytes=0)
    assert list(allowed_memory(root, own)) == [int(3.5 * GB)]


def test_a_group_over_its_limit_has_nothing_left(tmp_path):
    own = tmp_path / "own"
    own.write_text("0::/\n")
    write(tmp_path, memory__max=GB, memory__current=2 * GB)
    assert list(allowed_memory(tmp_path, own)) == [0]


def test_where_there_are_no_groups_the_machine_counts(tmp_path, monkeypatch):
    assert list(allowed_memory(tmp_path, tmp_path / "none")) == []
    assert 0 < free_memory() <= psutil.virtual_memory().total
    monkeypatch.setattr(worker_memory, "allowed_memory", lambda: iter([12]))
    assert free_memory() == 12
