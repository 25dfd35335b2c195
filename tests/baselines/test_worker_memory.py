"""How many workers there may be, by cores, memory and control groups."""

import pytest

pytest.importorskip("psutil")
import psutil

from mswal_bench.baselines import worker_memory
from mswal_bench.baselines.worker_memory import GB, allowed_memory, free_memory, gb, room_for_workers, workers_for


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


@pytest.mark.parametrize(("given", "held", "expected"), [(64, 0.5, 4), (28.4, 0.5, 1), (28.6, 0.5, 2), (1, 2, 1)])
def test_memory_that_was_given_counts_in_place_of_what_is_free(eight_cores, given, held, expected):
    eight_cores.setattr(worker_memory, "free_memory", lambda: 0)
    eight_cores.setattr(worker_memory, "held_memory", lambda: int(held * GB))
    assert workers_for(14 * GB, memory_bytes=int(given * GB)) == expected


def test_a_budget_is_of_this_process_too():
    given = 10 * psutil.virtual_memory().total
    room = room_for_workers(given)
    assert 0.9 * given < room.bytes < given
    assert room.reason.startswith(f"of the {gb(given)} that were given this process holds ")


def test_what_limits_is_told(monkeypatch):
    monkeypatch.setattr(worker_memory, "free_memory", lambda: 3 * GB)
    monkeypatch.setattr(worker_memory, "allowed_memory", lambda: iter([3 * GB, 1 << 62]))
    assert room_for_workers().reason == "3.0 GB are left by the control group of this container or job"
    monkeypatch.setattr(worker_memory, "allowed_memory", lambda: iter([1 << 62]))
    monkeypatch.setattr(worker_memory, "free_memory", lambda: 5 * GB)
    assert room_for_workers().reason == "5.0 GB are free"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.0 GB"), (3_949_000_000, "3.9 GB"), (100_000_000, "0.1 GB"), (41_000_000, "0.04 GB")],
)
def test_gigabytes(amount, text):
    assert gb(amount) == text


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
