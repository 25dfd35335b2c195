import os
import sys

from .process_tree import Held, Watched, watch

_MIB = 2**20
_PARENT = """
import subprocess, sys, time
began = time.monotonic()
child = subprocess.Popen([sys.executable, "-c", "import time; held = b'1' * (60 << 20); time.sleep(1.5)"])
held = b"1" * (40 << 20)
child.wait()
print(began, time.monotonic())
"""


def test_memory_is_of_a_process_and_those_it_starts():
    watched = watch([sys.executable, "-c", _PARENT], os.environ)
    assert watched.status == 0
    most_mib, processes = watched.most(*map(float, watched.stdout.split()))
    assert processes == 2
    assert 100 < most_mib < 160


def test_what_fails_tells_why():
    watched = watch([sys.executable, "-c", "import sys; print('out'); sys.exit('why')"], os.environ)
    assert (watched.status, watched.stdout, watched.stderr) == (1, "out\n", "why\n")


def test_only_what_was_held_between_two_moments_counts():
    held = [Held(1.0, 900 * _MIB, 5), Held(2.0, 10 * _MIB, 3), Held(3.0, 20 * _MIB, 1), Held(4.0, 800 * _MIB, 4)]
    watched = Watched(0, "", "", held)
    assert watched.most(1.5, 3.5) == (20, 3)
    assert watched.most(5, 6) == (0, 0)
