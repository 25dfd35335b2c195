"""A stage in a process of its own is heard, and its failures are raised here."""

import os

import numpy as np
import pytest

from mswal_bench.baselines.stage_process import LostProcessError, StageProcess, receive_into, send_array


def add_up(connection, first):
    """Adds arrays to the first, and sends the sum back; prints how often."""
    for times in range(1 << 30):
        array = np.empty_like(first)
        if not receive_into(connection, array):
            break
        first = first + array
        print(f"added {times + 1}", flush=True)
    send_array(connection, first)


def fail(connection, error):
    raise error


def leave(connection):
    os._exit(3)


def test_arrays_go_there_and_back_and_what_is_printed_to_the_log(tmp_path):
    arrays = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    with StageProcess("adds up", tmp_path / "log.txt", add_up, arrays[0]) as process:
        for array in arrays[1:]:
            # Not contiguous.
            send_array(process.connection, array.T)
        send_array(process.connection, np.empty(0, np.float32))
        found = np.empty((2, 2), np.float32)
        process.receive_into(found)
    np.testing.assert_array_equal(found, arrays[0] + arrays[1].T + arrays[2].T)
    assert (tmp_path / "log.txt").read_text() == "added 1\nadded 2\n"


def test_what_a_stage_raises_is_raised_here_with_its_place(tmp_path):
    with (
        pytest.raises(OSError, match="No space left") as caught,
        StageProcess("fails", tmp_path / "log.txt", fail, OSError(28, "No space left on device")) as process,
    ):
        process.receive()
    assert caught.value.errno == 28
    assert "in fail" in caught.value.__notes__[0]


@pytest.mark.parametrize("step", ["receive", "receive_into", "send"])
def test_a_process_that_ends_is_told_at_every_step(tmp_path, step):
    arguments = {"receive": (), "receive_into": (np.empty(3),), "send": ("more",)}[step]
    with StageProcess("leaves", tmp_path / "log.txt", leave) as process:
        with pytest.raises(LostProcessError, match=r"that leaves ended before its work was done .*status 3"):
            process.receive()
        with pytest.raises(LostProcessError, match="the process that leaves ended"):
            getattr(process, step)(*arguments)


def test_it_is_looked_for_a_failure_without_waiting(tmp_path):
    with StageProcess("adds up", tmp_path / "log.txt", add_up, np.zeros(1, np.float32)) as process:
        process.raise_if_failed()
    with StageProcess("fails", tmp_path / "log.txt", fail, ValueError("of no use")) as process:
        process.connection.poll(60)
        with pytest.raises(ValueError, match="of no use"):
            process.raise_if_failed()
