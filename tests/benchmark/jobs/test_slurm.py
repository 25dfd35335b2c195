"""What SLURM's own commands print, and what is read from it."""

from datetime import datetime

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.jobs.slurm import SlurmJobState, SlurmLimits, ask_slurm, slurm_jobs, slurm_limits
from mswal_bench.tests.benchmark.fake_slurm import row


def test_jobs(fake_slurm):
    fake_slurm.knows(
        row("7", "RUNNING", index=3, name="n-train", nodes="node[1-2]", since="2026-03-01T10:00:00", restarts=2),
        row("8", "PENDING", "Dependency", name="n-table"),
        "",
    )
    array, alone = slurm_jobs()
    since = datetime(2026, 3, 1, 10)
    assert array == SlurmJobState("7", 3, "n-train", "RUNNING", "", "node[1-2]", since, 2)
    assert alone == SlurmJobState("8", None, "n-table", "PENDING", "Dependency", "", None, 0)
    assert (array.id, alone.id) == ("7_3", "8"), "of a job alone SLURM knows no 8_0"
    assert [call.split()[0] for call in fake_slurm.calls] == ["squeue"]


def test_limits(fake_slurm):
    partitions = (
        "PartitionName=gpu Default=YES MaxTime=2-00:00:00 Nodes=a\nPartitionName=cpu Default=NO MaxTime=UNLIMITED\n"
    )
    fake_slurm.limits(11, partitions)
    assert slurm_limits() == SlurmLimits(11, {"gpu": 48 * 60, "cpu": None}, "gpu")
    fake_slurm.limits(0)
    assert slurm_limits() == SlurmLimits(1, {}, None), "a cluster without arrays"


def test_what_does_not_answer_is_told_in_its_words(fake_slurm, monkeypatch):
    (fake_slurm.commands / "squeue").write_text("#!/bin/sh\necho 'slurm_load_jobs error: no\n controller' >&2; exit 1")
    with pytest.raises(BenchError, match=r"SLURM's squeue says: .*slurm_load_jobs error: no controller"):
        slurm_jobs()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BenchError, match="there is no squeue on this machine"):
        ask_slurm(["squeue"])
