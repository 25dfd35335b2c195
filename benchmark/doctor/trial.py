"""Tries out the core and torch, each in a process of its own: an import may end its process, or never come back.

As a program it imports the modules that it is told and, for the core, scores a case whose numbers are known.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST_S = 120
_MODULES: Mapping[str, str] = {
    "connected-components-3d": "cc3d",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "simpleitk": "SimpleITK",
}
"""Package -> what is imported of it, where that is not its name."""
_SCORING, _TORCH = "scoring", "torch"
_OURS = "mswal-bench doctor"
"""Begins our lines among those that packages print."""


@dataclass(frozen=True)
class Trial:
    """What came of a trial."""

    faults: tuple[str, ...]
    """A sentence each; empty where all went well."""
    told: Mapping[str, Any]
    """What was found out."""


def try_core(packages: Sequence[str]) -> Trial:
    """Imports each of `packages` and scores a case."""
    faults: list[str] = []
    left = [*packages, _SCORING]
    # One that ends the process is left out, and the others are tried once more.
    while left:
        trial = _tried(left)
        faults += trial.faults
        if "halted" not in trial.told:
            break
        left = left[left.index(trial.told["halted"]) + 1 :]
    return Trial(tuple(faults), {})


def try_torch() -> Trial:
    """Imports torch and asks it for GPUs: `cuda`, the CUDA that it is built for, and `gpus`, their names."""
    return _tried([_TORCH])


def _tried(names: Sequence[str]) -> Trial:
    # Of the current folder nothing is imported: it may have a file of any name.
    command = [sys.executable, "-P", "-m", __name__, *names]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_LONGEST_S, check=False
        )
        output, ending = done.stdout, f"ended its process with status {done.returncode}"
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout or ""
        ending = f"did not come to an end within {_LONGEST_S} s"
    except OSError as error:
        return Trial((f"no process can be started ({error.strerror or error})",), {})
    begun, faults, told = None, [], {}
    for line in output.splitlines():
        ours, _, said = line.partition("\t")
        kind, _, rest = said.partition("\t") if ours == _OURS else ("", "", "")
        if kind == "begun":
            begun = rest
        elif kind == "fault":
            faults.append(rest)
        elif kind == "told":
            told.update(json.loads(rest))
        elif kind == "ended":
            return Trial(tuple(faults), told)
    if begun is None:
        return Trial((*faults, f"Python {ending}"), told)
    return Trial((*faults, f"{begun} {ending}"), {**told, "halted": begun})


def without_folders(text: str) -> str:
    """Leaves of each path in a message its last name: the others may say who works here."""
    # These may have spaces in them, at which a path seems to end.
    for place in (sys.prefix, str(Path.home()), str(Path.cwd())):
        text = text.replace(place, "/")
    return re.sub(r"(?:[A-Za-z]:)?(?:[\\/][^\\/:'\"()\s]+)+(?=[\\/])[\\/]", "", text)


def _say(kind: str, text: str = "") -> None:
    # What a package printed may not have ended its line.
    print("", f"{_OURS}\t{kind}\t{text}", sep="\n", flush=True)


def _main(names: Sequence[str]) -> None:
    for name in names:
        _say("begun", name)
        try:
            if name == _SCORING:
                _score_a_case()
            elif name == _TORCH:
                _say("told", json.dumps(_gpus_of_torch()))
            else:
                __import__(_MODULES.get(name, name.replace("-", "_")))
        except BaseException as error:
            said = without_folders(" ".join(str(error).split()))
            what = "a test case cannot be scored" if name == _SCORING else f"{name} cannot be imported"
            _say("fault", f"{what} ({type(error).__name__}: {said})")
    _say("ended")


def _score_a_case() -> None:
    """Writes two label maps, scores them as `mswal-bench score` does, and compares with what is known."""
    import tempfile

    import numpy as np
    import SimpleITK

    from mswal_bench.benchmark.scoring.score_folders import score_folders

    # A cube, and the same moved by a quarter: DSC 2 * 48 / (64 + 64), IoU 48 / 80, which is a match.
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[2:6, 2:6, 2:6] = 4
    with tempfile.TemporaryDirectory() as folder:
        for name, array in (("reference", labels), ("prediction", np.roll(labels, 1, axis=2))):
            (Path(folder) / name).mkdir()
            SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(Path(folder, name, "case.nii.gz")))
        scores = score_folders([Path(folder, "prediction")], Path(folder, "reference"), jobs=1)
    score = scores["prediction"]["kidney_tumor"]
    if scores.problems or (score.dsc, score.f1) != (0.75, 1.0):
        raise ValueError(f"DSC {score.dsc} and F1 {score.f1} in place of 0.75 and 1.0")


def _gpus_of_torch() -> dict[str, Any]:
    import torch

    there = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    return {"cuda": torch.version.cuda, "gpus": [torch.cuda.get_device_name(index) for index in there]}


if __name__ == "__main__":
    _main(sys.argv[1:])
