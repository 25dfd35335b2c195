"""What becomes of a part that answers, fails, dies, takes too long, or cannot begin."""

from pathlib import Path

import psutil
import pytest

from .bounds import BoundError
from .part_process import do_part
from .parts import Part
from .setting import Setting


@pytest.fixture
def setting(tmp_path):
    return Setting(tmp_path, "cpu", small=True)


def test_an_answer(setting, capfd):
    part = Part("one", "odd_parts:answers", 100, {"number": 3}, needs=("before",))
    outcome = do_part(part, setting, 1000, {"before": "done"})
    assert (outcome.state, outcome.numbers, outcome.sentence) == ("done", {"number": 3, "device": "cpu"}, "")
    out, err = capfd.readouterr()
    assert (out, err.strip()) == ("", "no part of the answer")


def test_numbers_stay_where_a_bound_is_passed(setting):
    def check(numbers):
        raise BoundError(f"{numbers['number']} is too many")

    outcome = do_part(Part("one", "odd_parts:answers", 100, {"number": 3}, check=check), setting, 1000, {})
    assert (outcome.state, outcome.sentence, outcome.numbers["number"]) == ("failed", "3 is too many", 3)


@pytest.mark.parametrize(
    ("work", "sentence"), [("raises", "ValueError: of no use"), ("dies", "its process ended without an answer")]
)
def test_a_failure_is_a_sentence(setting, work, sentence):
    outcome = do_part(Part("one", f"odd_parts:{work}", 100), setting, 1000, {})
    assert outcome.state == "failed"
    assert outcome.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("limit_s", "left_s", "state", "sentence"),
    [
        (6, 1000, "failed", "took longer than its 6 s"),
        (1000, 6, "not reached", "the whole time was over before it was done"),
    ],
)
def test_a_part_ends_in_time_with_all_that_it_started(setting, limit_s, left_s, state, sentence):
    outcome = do_part(Part("one", "odd_parts:sleeps", limit_s), setting, left_s, {})
    assert (outcome.state, outcome.sentence) == (state, sentence)
    child = int(Path(setting.folder, "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("part", "left_s", "earlier", "state", "sentence"),
    [
        (Part("one", "odd_parts:dies", 9, package="no_such_package"), 99, {}, "left out", "no_such_package is not"),
        (Part("one", "odd_parts:dies", 9, needs=("a",)), 99, {"a": "failed"}, "failed", "'a', whose state is 'failed'"),
        (Part("one", "odd_parts:dies", 9, needs=("a",)), 99, {"a": "not reached"}, "not reached", "needs the part 'a'"),
        (Part("one", "odd_parts:dies", 9), 1, {}, "not reached", "no time was left"),
    ],
)
def test_what_does_not_begin(setting, part, left_s, earlier, state, sentence):
    outcome = do_part(part, setting, left_s, earlier)
    assert (outcome.state, outcome.wall_s) == (state, 0)
    assert sentence in outcome.sentence
