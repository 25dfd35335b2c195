"""Does one piece of full-size work in a process that does nothing else, and prints what it took.

    python full_size.py WORK WHO FOLDER

`WORK` is `export`, `predict`, `predict two` or `prepare`, `WHO` is `ours` or `nnU-Net`, `FOLDER` holds what
`full_size_data.py` wrote. It is run as a script, and imports of this project only what it measures, so that an earlier
revision can be measured as well. Prints JSON: seconds of CPU time (user and system, children included, without the
sliding window), when it began and ended, the memory held before and this process's peak, and a digest of the result.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from measure import cpu_s  # type: ignore[import-not-found]

Result = dict[str, Any]
Work = Callable[[], Callable[[], Result]]
"""Does the work when called, and then gives what tells of the result, which is not measured."""


def main() -> None:
    work, who, folder = sys.argv[1:]
    # Libraries print: what they print goes to stderr.
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    works: Mapping[str, Callable[[str, Path], Work]] = {
        "export": export,
        "predict": predict,
        "predict two": partial(predict, cases=2),
        "prepare": prepare,
    }
    do = works[work](who, Path(folder))
    before_bytes, before_s, began_s = psutil.Process().memory_info().rss, cpu_s(), time.monotonic()
    tell = do()
    took = {
        "cpu_s": cpu_s() - before_s,
        "began_s": began_s,
        "ended_s": time.monotonic(),
        "before_mib": before_bytes / 2**20,
        # Linux counts in KiB.
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }
    found = tell()
    took["cpu_s"] -= found.get("windows_s", 0.0)
    json.dump(took | found, report)
    report.close()


def export(who: str, folder: Path) -> Work:
    """Logits to a label map. The logits are read before."""
    import torch
    from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
    from nnunetv2.utilities.label_handling.label_handling import LabelManager
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    from mswal_bench.baselines.nnunet.predictor import labels_from_logits

    plans = PlansManager(json.loads((folder / "plans.json").read_text()))
    configuration = plans.get_configuration("3d_fullres")
    properties = json.loads((folder / "properties.json").read_text())
    logits = torch.from_numpy(np.load(folder / "logits.npy"))
    manager = LabelManager({"background": 0, **{str(label): label for label in range(1, len(logits))}}, None)

    def do() -> Callable[[], Result]:
        if who == "ours":
            return partial(_told, labels_from_logits(logits, properties, plans, configuration, manager))
        theirs = convert_predicted_logits_to_segmentation_with_correct_shape(
            logits, plans, configuration, manager, properties, num_threads_torch=1
        )
        return partial(_told, theirs)

    return do


def predict(who: str, folder: Path, cases: int = 1) -> Work:
    """An image to a label map on disk, by all folds of the folder; for several cases it is the same image."""
    import SimpleITK
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    from mswal_bench.baselines.nnunet.predictor import predict_images
    from mswal_bench.baselines.nnunet.workspace import Workspace

    torch.set_num_threads(1)
    workspace = Workspace(folder / "nnunet")
    folds = json.loads((folder / "folds.json").read_text())
    image, out = folder / "case_0000.nii.gz", folder / f"by-{who}-{os.getpid()}"
    names = [f"case-{number}" for number in range(cases)]
    windows = _Stopwatch()
    # That of nnU-Net, and of the revision before there was one of our own.
    windows.hold(nnUNetPredictor, "predict_logits_from_preprocessed_data")
    with suppress(ImportError):
        from mswal_bench.baselines.nnunet.sliding_window import SlidingWindow

        windows.hold(SlidingWindow, "plane")

    def ours() -> None:
        with workspace.entered("cpu"):
            predict_images(
                workspace,
                range(folds),
                dict.fromkeys(names, image),
                out,
                mirroring=False,
                window=None,
                speck_share=0,
                device="cpu",
                report=lambda done, total, note: None,
            )

    def theirs() -> None:
        from nnunetv2.inference.export_prediction import export_prediction_from_logits

        predictor = _their_predictor(workspace, folds)
        plans, configuration = predictor.plans_manager, predictor.configuration_manager
        preprocessor = configuration.preprocessor_class(verbose=False)
        data, _, properties = preprocessor.run_case([str(image)], None, plans, configuration, predictor.dataset_json)
        logits = predictor.predict_logits_from_preprocessed_data(torch.from_numpy(data))
        out.mkdir()
        export_prediction_from_logits(
            logits, properties, configuration, plans, predictor.dataset_json, str(out / names[0]), False, 1
        )

    def do() -> Callable[[], Result]:
        ours() if who == "ours" else theirs()
        return tell

    def tell() -> Result:
        written = [out / f"{name}.nii.gz" for name in names]
        labels = [_told(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))) for path in written]
        shutil.rmtree(out)
        if any(other != labels[0] for other in labels):
            raise RuntimeError("the same image has two label maps")
        return labels[0] | {"windows_s": windows.cpu_s, "image_bytes": _image_bytes(workspace, image)}

    return do


class _Stopwatch:
    """Counts the CPU seconds of this process within some calls."""

    def __init__(self) -> None:
        self.cpu_s = 0.0

    def hold(self, owner: type, name: str) -> None:
        """Counts the calls of a method of a class from now on."""
        do = getattr(owner, name)

        def timed(*arguments: Any) -> Any:
            began = time.process_time()
            try:
                return do(*arguments)
            finally:
                self.cpu_s += time.process_time() - began

        setattr(owner, name, timed)


def _image_bytes(workspace: Any, image: Path) -> int:
    """Of the image as the network sees it, float32."""
    import SimpleITK

    plans = json.loads((workspace.preprocessed / "benchPlans.json").read_text())
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(image))
    reader.ReadImageInformation()
    network_mm = plans["configurations"]["3d_fullres"]["spacing"][::-1]
    sizes = zip(reader.GetSize(), reader.GetSpacing(), network_mm, strict=True)
    return 4 * math.prod(round(size * old / new) for size, old, new in sizes)


def _their_predictor(workspace: Any, folds: int) -> Any:
    import torch
    from free_network import FreeNetwork  # type: ignore[import-not-found]
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    plans = PlansManager(json.loads((workspace.preprocessed / "benchPlans.json").read_text()))
    dataset = json.loads((workspace.preprocessed / "dataset.json").read_text())
    predictor = nnUNetPredictor(use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False)
    predictor.manual_initialization(
        FreeNetwork(len(dataset["labels"])),
        plans,
        plans.get_configuration("3d_fullres"),
        [{"bias": torch.full((1,), 0.01 * fold)} for fold in range(folds)],
        dataset,
        "BenchTrainer",
        None,
    )
    return predictor


def prepare(who: str, folder: Path) -> Work:
    """A training case to what is stored of it, as a worker does it: the fingerprint, then preprocessing."""
    import blosc2
    from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import DatasetFingerprintExtractor
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    from mswal_bench.baselines.nnunet.case_fingerprint import PlaneByPlaneFingerprint
    from mswal_bench.baselines.nnunet.case_preparation import PlaneByPlane

    extractor, preprocessor = (
        (PlaneByPlaneFingerprint, PlaneByPlane) if who == "ours" else (DatasetFingerprintExtractor, DefaultPreprocessor)
    )
    preprocessed = folder / "nnunet" / "preprocessed" / "Dataset001_Bench"
    plans = PlansManager(json.loads((preprocessed / "benchPlans.json").read_text()))
    dataset = json.loads((preprocessed / "dataset.json").read_text())
    image, labels = str(folder / "case_0000.nii.gz"), str(folder / "case.nii.gz")
    out = folder / f"by-{who}-{os.getpid()}"

    def do() -> Callable[[], Result]:
        extractor.analyze_case([image], labels, SimpleITKIO)
        preprocessor(verbose=False).run_case_save(
            str(out), [image], labels, plans, plans.get_configuration("3d_fullres"), dataset
        )
        return tell

    def tell() -> Result:
        # The labels alone: intensities may differ in a last bit.
        stored = _told(blosc2.open(urlpath=f"{out}_seg.b2nd", mode="r")[:])
        for path in folder.glob(f"{out.name}*"):
            path.unlink()
        return stored

    return do


def _told(labels: Any) -> Result:
    """Of a label map."""
    labels = np.ascontiguousarray(labels, np.uint8)
    return {
        "digest": hashlib.sha256(labels).hexdigest(),
        "voxels": labels.size,
        "foreground": int(np.count_nonzero(labels)),
    }


if __name__ == "__main__":
    main()
