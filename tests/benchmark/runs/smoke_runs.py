"""What the tests that run methods share: the command line, called in this process, under the smoke budget."""

import json
import time
from collections.abc import Iterable
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import SimpleITK
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.runs import steps
from mswal_bench.tests.baselines.nnunet.quick_nnunet import quick_nnunet


def options(raw: Path, work: Path, *more: object, device: tuple[str, str] = ("--device", "cpu")) -> tuple[object, ...]:
    return ("--data", raw, "--work", work, "--budget", "smoke", *device, *more)


def call(*arguments: object, exit_code: int = 0) -> str:
    """The command line, in this process; nnU-Net v2 does without what takes it long."""
    with quick_nnunet() if arguments[0] in ("run", "transfer") else nullcontext():
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, (result.output, result.exc_info)
    return result.output


def call_interrupted(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """The call, with a Ctrl-C in the middle of the training, where a checkpoint of an earlier epoch is there."""

    @contextmanager
    def interrupting(label: str, unit: str):
        def report(done: int, total: int, note: str) -> None:
            if "train" in label and 2 * done > total:
                raise KeyboardInterrupt

        yield report

    with monkeypatch.context() as patch:
        patch.setattr(steps, "progress_bar", interrupting)
        output = call(*arguments, exit_code=130)
    assert "stopped; the same command goes on from the last checkpoint" in output


def read_record(work: Path, goal: str = "fold-0") -> Any:
    return json.loads((work / goal / "record.json").read_text())


def check_predictions(folder: Path, images: list[Path]) -> None:
    """Every image has a prediction in its geometry, and there is nothing else."""
    expected = {f"{image.name.split('_0000.')[0]}.nii.gz": image for image in images}
    assert {path.name for path in folder.iterdir()} == {*expected}
    for name, image in expected.items():
        check_geometry(folder / name, image)


def check_geometry(label: Path, image: Path) -> None:
    a, b = SimpleITK.ReadImage(str(label)), SimpleITK.ReadImage(str(image))
    assert a.GetSize() == b.GetSize()
    for getter in ("GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(a, getter)() == pytest.approx(getattr(b, getter)(), abs=1e-4)
    assert SimpleITK.GetArrayViewFromImage(a).max() <= 7


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                found |= {child} | descendants(child)
    except OSError:
        pass
    return found


def assert_gone(processes: Iterable[int]) -> None:
    """Those end by themselves within seconds, or have ended."""
    left, deadline = set(processes), time.monotonic() + 30
    while left := {pid for pid in left if alive(pid)}:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
