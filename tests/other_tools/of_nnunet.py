"""Asks the evaluation of nnU-Net: the functions behind `nnUNetv2_evaluate_simple` and `nnUNetv2_evaluate_folder`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from . import situations as at


def answers() -> dict[str, str]:
    from nnunetv2.evaluation.evaluate_predictions import compute_metrics_on_folder, compute_metrics_on_folder_simple
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    def folder(reference: Path, prediction: Path, chill: bool = False) -> Any:
        return compute_metrics_on_folder(
            str(reference), str(prediction), None, SimpleITKIO(), ".nii.gz", [1, 2], num_processes=1, chill=chill
        )

    told = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for situation, pair in at.EMPTY.items():
            at_folder = _write(root / situation, [pair])
            told[f"dice, {situation}"] = at.told_of((at_folder,), lambda f: folder(*f)["mean"][1]["Dice"])
        files = at.write_files(root / "files")
        for file in at.FILES:
            told[f"files, {file}"] = at.told_of(
                (file,), lambda f: folder(files / "reference", files / f)["mean"][1]["Dice"]
            )
        reference, prediction = at.write_two_cases(root / "two")
        # The command's own default; True is that of the validation after a training, and of `--chill`.
        told["files, missing"] = at.told(lambda: _simple(compute_metrics_on_folder_simple, reference, prediction))
        told["files, missing, chill"] = at.told(lambda: folder(reference, prediction, chill=True)["mean"][1]["Dice"])
        cases = _write(root / "cases", at.CASES)
        told["mean, class 1"] = at.told(lambda: folder(*cases)["mean"][1]["Dice"])
        told["mean, classes"] = at.told(lambda: folder(*cases)["foreground_mean"]["Dice"])
    return told


def _simple(evaluate: Any, reference: Path, prediction: Path) -> str:
    evaluate(str(reference), str(prediction), [1], num_processes=1)
    return "scored what is there"


def _write(folder: Path, pairs: list[at.Pair] | tuple[at.Pair, ...]) -> tuple[Path, Path]:
    import SimpleITK

    for index, pair in enumerate(pairs):
        for side, mask in zip(("reference", "prediction"), pair, strict=True):
            (folder / side).mkdir(parents=True, exist_ok=True)
            SimpleITK.WriteImage(SimpleITK.GetImageFromArray(mask), str(folder / side / f"{index}.nii.gz"))
    return folder / "reference", folder / "prediction"
