"""Every failure is made to happen, but for those of a GPU: there is none."""

import errno
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace

import pytest

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import MethodError

GO_ON = "the last checkpoint is intact: run the same command again to go on from it."


def told(error: BaseException) -> str:
    found = as_method_error(error)
    assert found is not None
    assert GO_ON in str(found)
    return str(found)


def test_a_sentence_that_is_there_stays():
    error = MethodError("The loss became nan.")
    assert as_method_error(error) is error


@pytest.mark.parametrize(
    "error", [ValueError("bug"), KeyError("x"), FileNotFoundError(errno.ENOENT, "gone"), RuntimeError("bug"), OSError()]
)
def test_an_error_of_the_program_keeps_its_traceback(error):
    assert as_method_error(error) is None


def test_words_in_an_error_of_another_kind_mean_nothing():
    assert as_method_error(ValueError("CUDA out of memory")) is None


def test_a_full_disk():
    with pytest.raises(OSError, match="No space left") as caught, Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")
    assert told(caught.value).startswith("The disk is full")


def test_a_full_disk_of_which_a_library_does_not_tell(tmp_path, monkeypatch):
    error = RuntimeError("Error while creating the NDArray")
    assert as_method_error(error, tmp_path) is None
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=4096))
    assert str(as_method_error(error, tmp_path)).startswith("The disk is full")
    assert as_method_error(ValueError("bug"), tmp_path) is None


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_checkpoint_on_a_full_disk(tmp_path, size):
    torch = pytest.importorskip("torch")
    (tmp_path / "checkpoint.pth").symlink_to("/dev/full")
    with pytest.raises(RuntimeError) as caught:
        torch.save({"weights": torch.zeros(size)}, tmp_path / "checkpoint.pth")
    assert told(caught.value).startswith("The disk is full")


@pytest.mark.parametrize(
    "allocate", ["import numpy; numpy.ones(1 << 33)", "bytearray(1 << 36)", "import torch; torch.ones(1 << 33)"]
)
def test_no_memory_left(allocate):
    if "torch" in allocate:
        pytest.importorskip("torch")
    module, statement = allocate.split("; ") if "; " in allocate else ("", allocate)
    code = f"""
import resource
{module}
from mswal_bench.baselines.failures import as_method_error
resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33))
try:
    {statement}
except Exception as error:
    print(as_method_error(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("The machine is out of memory")


def test_a_killed_worker_of_a_pool():
    with pytest.raises(BrokenProcessPool) as caught, ProcessPoolExecutor(1) as pool:
        pool.submit(os._exit, 9).result()
    assert told(caught.value).startswith("A worker process ended early")


@pytest.mark.parametrize(
    "words",
    [
        "One or more background workers are no longer alive. Exiting.",
        "Some background worker is 6 feet under.\nOne of your background processes is missing.",
    ],
)
def test_a_killed_worker_of_nnunet(words):
    assert told(RuntimeError(words)).startswith("A worker process ended early")


def test_a_full_gpu():
    torch = pytest.importorskip("torch")
    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ):
        assert told(error).startswith("The GPU is out of memory")
