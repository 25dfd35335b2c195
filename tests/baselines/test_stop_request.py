import os
import signal
import threading

import pytest

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.stop_request import StoppedError, ask_to_stop, listen_for_stop, stop_is_asked

from .stopping import not_asked_to_stop


@pytest.fixture(autouse=True)
def not_asked():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM)}
    with not_asked_to_stop():
        yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_process_is_asked_by_a_call():
    assert not stop_is_asked()
    ask_to_stop()
    assert stop_is_asked()


def test_a_process_is_asked_by_one_signal_and_the_others_stay():
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR2, signal.SIGTERM, signal.SIGINT)}
    listen_for_stop()
    assert not stop_is_asked()
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop_is_asked()
    assert {number: signal.getsignal(number) for number in before} == before


def test_only_the_main_thread_can_listen():
    raised = []

    def listen():
        try:
            listen_for_stop()
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_it_is_no_failure():
    assert as_method_error(StoppedError("The training was asked to stop, and did after epoch 3.")) is None
