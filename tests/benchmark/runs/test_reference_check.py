import numpy as np
import pytest

from mswal_bench.benchmark.dataset import Case
from mswal_bench.benchmark.errors import BenchError
from mswal_bench.benchmark.runs.reference_check import check_references
from mswal_bench.benchmark.scoring.protocol import MSWAL_1


@pytest.fixture
def case(tmp_path, save_labels):
    """Writes an image and its label map; gives the case."""

    def write(name, labels, **geometry):
        image = save_labels(tmp_path / "images" / f"{name}.nii.gz", np.full((2, 3, 4), -1000, np.int16))
        return Case(name, image, save_labels(tmp_path / "labels" / f"{name}.nii.gz", labels, **geometry))

    return write


def check(*cases):
    reports = []
    check_references(
        {case.id: case for case in cases}, MSWAL_1, lambda done, total, note: reports.append((done, total))
    )
    return reports


def test_sound_labels_pass_and_are_counted(case):
    labels = np.zeros((2, 3, 4), np.uint8)
    labels[0, 0, 0] = 7
    assert check(case("a", labels), case("b", labels)) == [(0, 2), (1, 2), (2, 2)]


def test_axes_stored_in_the_other_direction_can_be_scored(case):
    # The same grid, x running the other way.
    flipped = {"direction": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), "origin": (13.0, -20.0, 30.0)}
    check(case("a", np.zeros((2, 3, 4), np.uint8), **flipped))


def test_everything_that_could_not_be_scored_is_told_at_once(case):
    labels = np.zeros((2, 3, 4), np.uint8)
    cut_off = case("damaged", labels)
    cut_off.label.write_bytes(cut_off.label.read_bytes()[:30])
    with pytest.raises(BenchError) as caught:
        check(
            case("value", labels + 8),
            cut_off,
            case("shape", np.zeros((2, 3, 5), np.uint8)),
            case("moved", labels, origin=(10.0, -20.0, 35.0)),
        )
    value, damaged, shape, moved = (str(problem) for problem in caught.value.problems)
    assert "value.nii.gz" in value
    assert "damaged.nii.gz" in damaged
    assert "the shape (x, y, z) is not its image's: expected (4, 3, 2), found (5, 3, 2)" in shape
    assert "the origin is not its image's (off by 5 mm" in moved
    assert "Mend the label map" in moved


def test_a_case_without_labels_is_passed_over(case):
    good = case("a", np.zeros((2, 3, 4), np.uint8))
    check(Case("b", good.image, None))
