import platform
import resource
import subprocess
import sys

import pytest

from mswal_bench.baselines.kept_memory import memory_kept

_BLOCKS, _BYTES = 3, 16 * 2**20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_on_a_cpu_memory_is_kept_until_the_end(device):
    command = [sys.executable, "-c", _ROUNDS, device]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pages_cleared, bytes_at_last = map(int, printed.split())
    pages = _BLOCKS * _BYTES // resource.getpagesize()
    assert pages_cleared < pages if device == "cpu" else pages_cleared > 5 * pages
    assert bytes_at_last < _BYTES


# Takes and frees the same memory, as iterations do. Prints how many pages the system cleared for the last ten times,
# and by how much the process is larger in the end.
_ROUNDS = f"""\
import ctypes, resource, sys
import psutil
from mswal_bench.baselines.kept_memory import memory_kept

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def take_and_free():
    blocks = [ctypes.c_void_p(libc.malloc(ctypes.c_size_t({_BYTES}))) for _ in range({_BLOCKS})]
    for block in blocks:
        libc.memset(block, 1, ctypes.c_size_t({_BYTES}))
    for block in blocks:
        libc.free(block)

def cleared():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def held():
    return psutil.Process().memory_info().rss

held_before = held()
with memory_kept(sys.argv[1]):
    for _ in range(2):
        take_and_free()
    before = cleared()
    for _ in range(10):
        take_and_free()
    print(cleared() - before)
print(held() - held_before)
"""


def test_nothing_is_set_where_there_is_nothing_to_set(monkeypatch):
    def refused(name):
        raise AssertionError(name)

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", refused)
    with memory_kept("cpu"):
        pass
