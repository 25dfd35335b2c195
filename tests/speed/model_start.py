"""Model bundles: their size, and how soon and in how much memory prediction begins with one.

    python -m mswal_bench.tests.speed.model_start [--out docs/benchmarks.md]

Prints a section for `docs/benchmarks.md`, or writes it there.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any
from zipfile import ZipFile

import numpy as np
import SimpleITK

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.models.bundle import Bundle
from mswal_bench.benchmark.models.bundle_form import BundleForm, TrainingData, weights_member
from mswal_bench.benchmark.models.export_model import Parts, write_bundle
from mswal_bench.benchmark.models.notice import NOTICE
from mswal_bench.benchmark.models.open_model import open_model
from mswal_bench.benchmark.runs.run_identity import settings_digest
from mswal_bench.benchmark.runs.run_record import RunIdentity

from .machine import describe_machine
from .page import replace_section, table

_MODULE = "mswal_bench.tests.speed.model_start"
_PROGRAM = f"python -m {_MODULE}"
_HEADING = "## Model bundles"
_METHOD = """\
The bundle is of Inception nnU-Net as ResEnc-L plans it ({numbers:,} numbers, random), one fold. The two took {turns}
turns, each a process of its own on one thread, with the files in the system's cache; times are medians of elapsed time
from the process's start, with the lowest and the highest in brackets.

- *size*: bytes of the bundle over those of its weights in the precision that they are stored in, {mib:,.0f} MiB as
  float32. Normalisations and biases stay float32 in the second.
- *first window*: `mswal-bench predict BUNDLE IMAGE` until the network gets its first window: reading and checking the
  image, opening the bundle, preparing the image and folding the network are in it. *Load*: importing torch and
  nnU-Net's prediction, building the network, and `safetensors.torch.load_file` into it.
- *memory*: the most that `predict` held up to then above what it held before the network was built, in memory of its
  own (anonymous pages, looked at every 10 ms), over the bytes of the weights. Libraries that are imported after
  that are in it; pages of the mapped file are the system's cache, and are not."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_FULL_SIZE: Mapping[str, Any] = {
    "n_stages": 6,
    "features_per_stage": [32, 64, 128, 256, 320, 320],
    "conv_op": "torch.nn.modules.conv.Conv3d",
    "kernel_sizes": [[3, 3, 3]] * 6,
    "strides": [[1, 1, 1], *[[2, 2, 2]] * 5],
    "n_blocks_per_stage": [1, 3, 4, 6, 6, 6],
    "n_conv_per_stage_decoder": [1] * 5,
    "conv_bias": True,
    "norm_op": "torch.nn.modules.batchnorm.BatchNorm3d",
    "norm_op_kwargs": {"eps": 1e-05, "affine": True},
    "dropout_op": None,
    "dropout_op_kwargs": None,
    "nonlin": "torch.nn.ReLU",
    "nonlin_kwargs": {"inplace": True},
}
_RESAMPLING = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
_SIDE = 64
"""Of the patch and of the image, in voxels."""


def main() -> None:
    """As the module says."""
    if len(sys.argv) == 5 and sys.argv[1] in _WORK:
        _work(sys.argv[1], *map(Path, sys.argv[2:]))
        return
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        features = [2, 4, 4, 4, 4, 4] if arguments.small else _FULL_SIZE["features_per_stage"]
        bundles = {
            kind: write_random_bundle(there / f"{kind}.mswal", kind, features) for kind in ("float32", "float16")
        }
        _write_image(there / "scan.nii.gz")
        with ZipFile(bundles["float32"].path) as archive:
            archive.extract(weights_member(0), there)
        reports: dict[str, list[dict[str, float]]] = {work: [] for work in _WORK}
        for _ in range(arguments.turns):
            for work, told in reports.items():
                told.append(_child(work, there))
                print(f"{work}: {told[-1]['seconds']:.2f} s", file=sys.stderr, flush=True)
        sizes = {
            f"size, {kind}": bundle.path.stat().st_size / _weight_bytes(bundle) for kind, bundle in bundles.items()
        }
        text = _section(bundles["float32"], sizes, reports, arguments)
    if arguments.out is None:
        print(text)
        return
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text))


def write_random_bundle(path: Path, precision: str, features: Sequence[int]) -> Bundle:
    """Writes a bundle of Inception nnU-Net with random weights and these channels of its six stages."""
    method = METHODS["inception-nnunet"]
    portable = method.portable
    assert portable is not None
    documents = full_size_documents(features)
    faults = portable.faults(documents, Budget.PAPER)
    assert not faults, faults
    with tempfile.TemporaryDirectory() as folder:
        portable.lay_out(documents, Path(folder) / "work")
        shapes = portable.shapes(Path(folder) / "work")
    import torch

    generator = torch.Generator().manual_seed(0)
    weights = {name: _drawn(name, shape, generator) for name, shape in shapes.items()}
    identity = RunIdentity(
        method=method.name,
        budget=Budget.PAPER,
        seed=0,
        dataset="drawn",
        split_digest="",
        files_digest="",
        settings_digest=settings_digest(method, Budget.PAPER),
    )
    data = {"name": "drawn", "cases": 5, "split_digest": None, "file_ending": ".nii.gz"}
    form = BundleForm(
        notice=NOTICE,
        version="0",
        method=method.name,
        title=method.title,
        publication=method.publication,
        card={},
        settings={},
        budget=Budget.PAPER,
        run=identity,
        data=TrainingData.model_validate({**data, "labels": documents["dataset"]["labels"]}),
        precision="float16" if precision == "float16" else "float32",
        parameters=1,
        epochs=1,
        folds=[0],
        members={},
    )
    return write_bundle(Parts(form, documents, lambda fold: weights), path)


def _drawn(name: str, shape: tuple[int, ...], generator: Any) -> Any:
    import torch

    if name.endswith("num_batches_tracked"):
        return torch.tensor(1)
    # Small, and a variance that no square root refuses.
    return 0.01 * torch.rand(shape, generator=generator) + (1.0 if name.endswith("running_var") else 0.0)


def full_size_documents(features: Sequence[int] = _FULL_SIZE["features_per_stage"]) -> dict[str, dict[str, Any]]:
    """Plans and the like of Inception nnU-Net as ResEnc-L plans it, or with these channels of its six stages."""
    arguments = {**copy.deepcopy(_FULL_SIZE), "features_per_stage": list(features)}
    configuration = {
        "data_identifier": "drawn",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": [_SIDE] * 3,
        "median_image_size_in_voxels": [float(_SIDE)] * 3,
        "spacing": [1.0] * 3,
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        **{f"resampling_fn_{of}": "resample_data_or_seg_to_shape" for of in ("data", "seg", "probabilities")},
        "resampling_fn_data_kwargs": {**_RESAMPLING, "order": 3},
        "resampling_fn_seg_kwargs": {**_RESAMPLING, "is_seg": True},
        "resampling_fn_probabilities_kwargs": _RESAMPLING,
        "architecture": {
            "network_class_name": "mswal_bench.baselines.networks.inception_unet.InceptionUNet",
            "arch_kwargs": arguments,
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
        "batch_dice": False,
    }
    of_ct = {"mean": 90.0, "std": 180.0, "percentile_00_5": -40.0, "percentile_99_5": 1000.0}
    intensities = {"0": {**of_ct, "median": 40.0, "min": -80.0, "max": 1000.0}}
    names = (
        "gallstone",
        "kidney_stone",
        "liver_tumor",
        "kidney_tumor",
        "pancreatic_cancer",
        "liver_cyst",
        "kidney_cyst",
    )
    return {
        "plans": {
            "dataset_name": "drawn",
            "plans_name": "benchPlans",
            "original_median_spacing_after_transp": [1.0] * 3,
            "original_median_shape_after_transp": [_SIDE] * 3,
            "image_reader_writer": "SimpleITKIO",
            "transpose_forward": [0, 1, 2],
            "transpose_backward": [0, 1, 2],
            "experiment_planner_used": "nnUNetPlannerResEncL",
            "label_manager": "LabelManager",
            "foreground_intensity_properties_per_channel": intensities,
            "configurations": {"3d_fullres": configuration},
        },
        "dataset": {
            "name": "drawn",
            "channel_names": {"0": "CT"},
            "labels": {"background": 0} | {name: number for number, name in enumerate(names, 1)},
            "file_ending": ".nii.gz",
        },
        "fingerprint": {
            "foreground_intensity_properties_per_channel": intensities,
            "median_relative_size_after_cropping": 1.0,
            "shapes_after_crop": [[_SIDE] * 3] * 5,
            "spacings": [[1.0] * 3] * 5,
        },
        "prediction": {"mirroring_axes": [0, 1, 2], "speck_limits_mm3": {}},
    }


def _write_image(path: Path) -> None:
    values = np.random.default_rng(0).integers(-1000, 1000, (_SIDE, _SIDE, _SIDE), np.int16)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(path))


def _child(work: str, there: Path) -> dict[str, float]:
    """What one process told, with the seconds from its start to the end of its work."""
    report = there / "report.json"
    with tempfile.TemporaryDirectory() as out:
        began = time.time()
        command = [
            sys.executable,
            "-m",
            _MODULE,
            work,
            str(there),
            str(Path(out) / "o"),
            str(report),
        ]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | _ONE_THREAD)
    told: dict[str, float] = json.loads(report.read_text())
    return {**told, "seconds": told["at"] - began}


def _work(work: str, there: Path, out: Path, report: Path) -> None:
    watch = _Anonymous()

    def done() -> None:
        report.write_text(json.dumps({"at": time.time(), **watch.told()}))
        # What comes after is not measured.
        os._exit(0)

    _WORK[work](there, out, watch, done)


class _Anonymous(threading.Thread):
    """Looks every 10 ms at the memory that is this process's own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before, self.most = 0, 0
        self.start()

    def run(self) -> None:
        while True:
            self.most = max(self.most, self.now())
            time.sleep(0.01)

    def begin(self) -> None:
        """The network is built from here on."""
        self.before = self.most = self.now()

    def told(self) -> dict[str, float]:
        return {"above_bytes": max(self.most, self.now()) - self.before}

    @staticmethod
    def now() -> int:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("RssAnon"))


def _load(there: Path, out: Path, watch: _Anonymous, done: Any) -> None:
    from mswal_bench.baselines.nnunet.workspace import Workspace

    model = open_model(there / "float32.mswal")
    workspace = Workspace.of(model.job("cpu", None, out).work)
    with workspace.entered("cpu"):
        # As whoever predicts with nnU-Net does.
        import nnunetv2.inference.predict_from_raw_data  # noqa: F401
        from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
        from safetensors.torch import load_file

        from mswal_bench.baselines.nnunet.planned_network import first_names, planned_network
        from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans

        watch.begin()
        plans, dataset = PlansManager(read_plans(workspace)), read_dataset_json(workspace)
        network = planned_network(plans, dataset, deep_supervision=False)
        weights = load_file(there / weights_member(0))
        network.load_state_dict({name: weights[of] for name, of in first_names(network).items()})
    done()


def _predict(there: Path, out: Path, watch: _Anonymous, done: Any) -> None:
    from mswal_bench.benchmark.cli.main import main as command

    # Any, for what it imports from elsewhere is not its own.
    predict_images: Any = import_module("mswal_bench.benchmark.prediction.predict_images")
    carry_out = predict_images.carry_out_for

    def noted(*arguments: Any) -> None:
        # Imported where prediction imports them, so that it takes the time that it takes there.
        from mswal_bench.baselines.nnunet.fold_networks import FoldNetworks

        predictor: Any = import_module("mswal_bench.baselines.nnunet.predictor")
        build = predictor.planned_network

        def built(*given: Any, **more: Any) -> Any:
            watch.begin()
            return build(*given, **more)

        predictor.planned_network = built
        FoldNetworks.logits = lambda *_: done()  # type: ignore[method-assign]
        carry_out(*arguments)

    predict_images.carry_out_for = noted
    command(["predict", str(there / "float32.mswal"), str(there / "scan.nii.gz"), "-o", str(out), "--device", "cpu"])


_WORK = {"load": _load, "first window": _predict}


def _weight_bytes(bundle: Bundle) -> int:
    return sum(each.size_bytes for each in bundle.weights[0].header().values())


def _section(
    bundle: Bundle,
    sizes: Mapping[str, float],
    reports: Mapping[str, Sequence[Mapping[str, float]]],
    arguments: argparse.Namespace,
) -> str:
    weights = _weight_bytes(bundle)
    seconds = {work: [report["seconds"] for report in told] for work, told in reports.items()}
    memory = median(report["above_bytes"] for report in reports["first window"]) / weights
    rows = [(what, f"{size:.3f}", "bytes of the weights") for what, size in sizes.items()]
    first = median(seconds["first window"]) / median(seconds["load"])
    rows += [("first window", f"{first:.3f}", "loading alone"), ("memory", f"{memory:.2f}", "bytes of the weights")]
    times = [(work, f"{median(taken):.2f} ({min(taken):.2f} to {max(taken):.2f})") for work, taken in seconds.items()]
    about = [f"`{shlex.join([*_PROGRAM.split(), *sys.argv[1:]])}`", *describe_machine()]
    parts = [
        _HEADING,
        "\n".join(f"- {line}" for line in about),
        table(("what", "mswal-bench", "as a part of"), rows),
        table(("until", "seconds"), times),
        _METHOD.format(numbers=bundle.form.parameters, turns=arguments.turns, mib=weights / 2**20),
    ]
    return "\n\n".join(parts) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help=f"a page, whose section {_HEADING!r} is replaced  [default: print]")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="a network of a few channels: shows that it runs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
