from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from mswal_bench.benchmark.board.grand_challenge.jobs import predictions_by_case
from mswal_bench.benchmark.core.errors import BenchError

from .conftest import CASES, job_of

if TYPE_CHECKING:
    from .conftest import Mounts

Change = Callable[[list[dict[str, Any]]], object]


def test_jobs_are_paired_by_the_name_of_the_image(mounts: Mounts) -> None:
    found = predictions_by_case(mounts.configuration(), CASES)
    assert {case: path.name for case, path in found.items()} == {
        case: f"0000-{number}.mha" for number, case in enumerate(CASES)
    }


def test_sockets_were_called_interfaces(mounts: Mounts) -> None:
    def renamed(jobs: list[dict[str, Any]]) -> None:
        for job in jobs:
            for value in (*job["inputs"], *job["outputs"]):
                value["interface"] = value.pop("socket")

    mounts.change_jobs(renamed)
    assert len(predictions_by_case(mounts.configuration(), CASES)) == 6


def _second_image(jobs: list[dict[str, Any]]) -> None:
    for job in jobs:
        job["inputs"].append({**job["inputs"][0], "socket": {"slug": "pet", "relative_path": "images/pet"}})
        job["outputs"].append({**job["outputs"][0], "socket": {"slug": "heat", "relative_path": "images/heat"}})


def test_a_socket_that_is_named(mounts: Mounts) -> None:
    mounts.change_jobs(_second_image)
    with pytest.raises(BenchError, match="expected one image, found 2"):
        predictions_by_case(mounts.configuration(), CASES)
    named = mounts.configuration(MSWAL_IMAGE_SOCKET="ct-image", MSWAL_PREDICTION_SOCKET="lesion-segmentation")
    assert len(predictions_by_case(named, CASES)) == 6
    other = mounts.configuration(MSWAL_IMAGE_SOCKET="ct-image", MSWAL_PREDICTION_SOCKET="nothing")
    with pytest.raises(BenchError, match="expected one image nothing, found 0"):
        predictions_by_case(other, CASES)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda jobs: jobs.pop(), "there is no job for 1 of 6 cases: MSWAL_0006"),
        (lambda jobs: jobs.clear(), "there is no job for 6 of 6 cases"),
        (lambda jobs: jobs.append(job_of(CASES[0], CASES[0])), "there are two jobs for the case MSWAL_0001"),
        (lambda jobs: jobs[2].update(status="Failed"), "1 jobs did not succeed: pk-MSWAL_0003"),
        (lambda jobs: jobs[2].update(status="Cancelled"), "1 jobs did not succeed"),
        (lambda jobs: jobs[1]["inputs"][0]["image"].update(name="else.mha"), "the image 'else.mha' belongs to no case"),
        (lambda jobs: jobs[1]["inputs"].clear(), "pk-MSWAL_0002: input: expected one image, found 0"),
        (lambda jobs: jobs[1]["outputs"].clear(), "pk-MSWAL_0002: output: expected one image, found 0"),
        (lambda jobs: jobs[1].update(pk="../../elsewhere"), "the output lies outside of the input folder"),
        (
            lambda jobs: jobs[1]["outputs"][0]["socket"].update(relative_path="images/../../../../ground_truth/labels"),
            "the output lies outside of the input folder",
        ),
        (lambda jobs: jobs[1].pop("pk"), "is not a list of jobs"),
        (lambda jobs: jobs.append("job"), "is not a list of jobs"),
    ],
)
def test_jobs_that_are_wrong(mounts: Mounts, change: Change, told: str) -> None:
    mounts.change_jobs(change)
    with pytest.raises(BenchError) as raised:
        predictions_by_case(mounts.configuration(), CASES)
    assert told in str(raised.value)


def test_all_that_is_wrong_is_told_in_one_go(mounts: Mounts) -> None:
    mounts.change_jobs(lambda jobs: (jobs[0].update(status="Failed"), jobs.pop(3)))
    shutil.copy(mounts.output_of(CASES[1]), mounts.output_of(CASES[1]).with_name("second.mha"))
    mounts.output_of(CASES[2]).unlink()
    outside = mounts.output_of(CASES[4])
    outside.rename(mounts.root / "aside.mha")
    outside.symlink_to(mounts.root / "aside.mha")
    with pytest.raises(BenchError) as raised:
        predictions_by_case(mounts.configuration(), CASES)
    told = [str(problem) for problem in raised.value.problems]
    assert told == [
        "1 jobs did not succeed: pk-MSWAL_0001.",
        "job pk-MSWAL_0002: expected one label map as output, found 2.",
        "job pk-MSWAL_0003: expected one label map as output, found 0.",
        "job pk-MSWAL_0005: expected one label map as output, found 0.",
        "there is no job for 1 of 6 cases: MSWAL_0004.",
    ]


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b"\xff", b"[1]", b"null"])
def test_a_list_of_jobs_that_is_none(mounts: Mounts, content: bytes) -> None:
    (mounts.root / "input" / "predictions.json").write_bytes(content)
    with pytest.raises(BenchError, match=r"predictions.json: is not a list of jobs"):
        predictions_by_case(mounts.configuration(), CASES)
    (mounts.root / "input" / "predictions.json").unlink()
    with pytest.raises(BenchError, match=r"predictions.json: cannot be read"):
        predictions_by_case(mounts.configuration(), CASES)
