"""A worker ends when its parent is killed, in the way of every system."""

import os
import signal
import subprocess
import sys
from multiprocessing import get_context

import pytest

from mswal_bench.baselines.processes import die_with_parent
from mswal_bench.tests.benchmark.runs.smoke_runs import assert_gone

PARENT = """
import sys, time
from mswal_bench.tests.baselines import test_processes

if __name__ == "__main__":
    worker = test_processes.start(sys.argv[1])
    print(worker.pid, flush=True)
    time.sleep(1000)
"""


def start(platform: str):
    context = get_context("spawn")
    ready, said = context.Pipe(duplex=False)
    worker = context.Process(target=wait, args=(platform, said))
    worker.start()
    ready.recv()
    return worker


def wait(platform: str, said) -> None:
    sys.platform = platform
    die_with_parent()
    said.send("ready")
    while True:
        signal.pause()


@pytest.mark.parametrize(
    "platform",
    [
        pytest.param(
            "linux", marks=pytest.mark.skipif(sys.platform != "linux", reason="the system itself ends the worker")
        ),
        "darwin",
    ],
)
def test_a_worker_ends_with_a_parent_that_is_killed(platform, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen([sys.executable, str(script), platform], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert_gone([worker])


SCRIPT = """
import sys
from multiprocessing import get_context
from mswal_bench.baselines.processes import script_left_alone

print("script", flush=True)

def start():
    worker = get_context("spawn").Process(target=print, args=("worker",))
    worker.start()
    worker.join()

with script_left_alone():
    with script_left_alone():
        start()
    start()
if __name__ == "__main__":
    start()
"""


def test_a_script_is_left_alone_inside_and_imported_again_outside(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, "-u", script], capture_output=True, text=True, check=True)
    # In the last worker, the script begins anew and would start workers; Python refuses, and it ends.
    assert done.stdout.split() == ["script", "worker", "worker", "script"]
    assert "An attempt has been made to start a new process" in done.stderr
