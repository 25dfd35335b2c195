"""nnU-Net's own pools: no worker outlives a parent that is killed, and nothing of nnU-Net stays changed."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("nnunetv2")
from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor
from nnunetv2.preprocessing.preprocessors import default_preprocessor

from mswal_bench.baselines.nnunet.worker_pools import mortal_pools
from mswal_bench.tests.benchmark.runs.smoke_runs import assert_gone, descendants

PARENT = """
import time
from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor
from nnunetv2.preprocessing.preprocessors import default_preprocessor
from mswal_bench.baselines.nnunet.worker_pools import mortal_pools

if __name__ == "__main__":
    with mortal_pools():
        # As nnU-Net does.
        pools = [
            module.multiprocessing.get_context("spawn").Pool(1)
            for module in (fingerprint_extractor, default_preprocessor)
        ]
        # The last are begun when both workers are there.
        results = [pool.starmap_async(time.sleep, ((seconds,),)) for seconds in (0, 1000) for pool in pools]
        results[0].get(), results[1].get()
        print("busy", flush=True)
        time.sleep(1000)
"""


def test_the_workers_of_a_killed_run_end(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "busy\n"
    workers = descendants(parent.pid)
    assert len(workers) >= 2
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert_gone(workers)


def test_afterwards_nnunet_is_as_it_was():
    with mortal_pools():
        assert fingerprint_extractor.multiprocessing is not multiprocessing
    assert fingerprint_extractor.multiprocessing is default_preprocessor.multiprocessing is multiprocessing
