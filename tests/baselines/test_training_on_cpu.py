import platform
import resource
import subprocess
import sys
from copy import deepcopy

import pytest

torch = pytest.importorskip("torch")
from torch import nn

from mswal_bench.baselines.training_on_cpu import made_quick

_BLOCKS, _BYTES = 3, 16 * 2**20


def test_the_network_is_the_same_with_channels_last():
    network = nn.Sequential(nn.Conv3d(2, 4, 3), nn.ReLU(), nn.Conv3d(4, 3, 1))
    x = torch.randn(1, 2, 6, 6, 6)
    before = deepcopy(network)(x)
    quick = made_quick(network)
    assert quick is network
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last_3d)
    torch.testing.assert_close(network(x), before)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_memory_that_is_freed_is_taken_again():
    pages = _BLOCKS * _BYTES // resource.getpagesize()
    given_back, kept = (
        int(subprocess.run([sys.executable, "-c", _ROUNDS, *first], capture_output=True, text=True, check=True).stdout)
        for first in ([], ["made quick"])
    )
    assert kept < pages < given_back


# Takes and frees the same memory, as iterations do; prints how many pages the system cleared for the last ten times.
_ROUNDS = f"""\
import ctypes, resource, sys
import torch
from mswal_bench.baselines.training_on_cpu import made_quick

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

if sys.argv[1:]:
    made_quick(torch.nn.Identity())
for _ in range(2):
    take_and_free()
before = cleared()
for _ in range(10):
    take_and_free()
print(cleared() - before)
"""
