"""Kills a prediction in stages at random moments, again and again, and looks at what is left.

    python -m mswal_bench.tests.baselines.nnunet.killed_predictions [KILLS]

prints how many label maps were finished when each kill came.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import psutil
import SimpleITK

from mswal_bench.baselines.nnunet.workspace import Workspace

from .small_plans import predict_plainly, save_weights, write_predictable_plans

_CASES, _SHAPE = 3, (40, 80, 80)
_MODULE = "mswal_bench.tests.baselines.nnunet.killed_predictions"


def write_data(folder: Path) -> None:
    """A trained network and images, in `folder`."""
    import torch
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    from mswal_bench.baselines.nnunet.planned_network import planned_network
    from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans

    workspace = write_predictable_plans(folder)
    network = planned_network(PlansManager(read_plans(workspace)), read_dataset_json(workspace), deep_supervision=True)
    torch.manual_seed(0)
    save_weights(workspace, {name: torch.randn_like(weight) / 3 for name, weight in network.state_dict().items()})
    for number in range(_CASES):
        array = np.random.default_rng(number).normal(0, 300, _SHAPE).astype(np.int16)
        image = SimpleITK.GetImageFromArray(array)
        image.SetSpacing((0.9, 0.9, 1.6))
        SimpleITK.WriteImage(image, str(folder / f"case_{number}_0000.nii.gz"))


def predict(folder: Path, out: Path) -> None:
    """Predicts the images of `folder`, whatever their size and the machine in processes for each stage."""
    from mswal_bench.baselines.nnunet import prediction_memory

    prediction_memory.WORTH_VOXELS = 0
    setattr(prediction_memory, "cores", lambda: 2)  # noqa: B010
    images = {path.name.removesuffix("_0000.nii.gz"): path for path in sorted(folder.glob("*_0000.nii.gz"))}
    predict_plainly(Workspace(folder / "nnunet"), images, out, memory_bytes=1 << 40)


def kills(folder: Path, times: int, seed: int = 0) -> Iterator[int]:
    """Kills so many predictions of the data in `folder`, and yields how many label maps each kill found finished.

    Raises AssertionError where a kill left a process, changed a label map that was finished, or where the prediction
    that goes on in the same folder does not come to the same label maps with nothing beside them.
    """
    chance = random.Random(seed)
    whole = folder / "whole"
    began = time.monotonic()
    _predicting(folder, whole).wait()
    takes_s = time.monotonic() - began
    expected = _files(whole)
    assert len(expected) == _CASES
    out = folder / "killed"
    for _ in range(times):
        before = _files(out)
        if len(before) == _CASES:
            for path in out.iterdir():
                path.unlink()
            before = {}
        process = _predicting(folder, out)
        time.sleep(chance.uniform(0, takes_s))
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=120)
        assert not alive
        finished = _files(out)
        assert before.items() <= finished.items() <= expected.items()
        yield len(finished)
    _predicting(folder, out).wait()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == expected


def _predicting(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", _MODULE, str(folder), str(out)], env=dict(os.environ))


def _files(folder: Path) -> Mapping[str, bytes]:
    """The label maps that are finished."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*.nii.gz")}


def main() -> None:
    if len(sys.argv) == 3:
        predict(Path(sys.argv[1]), Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder))
        for finished in kills(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 30):
            print(finished, flush=True)


if __name__ == "__main__":
    main()
