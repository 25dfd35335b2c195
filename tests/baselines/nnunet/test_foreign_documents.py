"""Plans that come from elsewhere name nothing but what their method names, and hold numbers that fit one another."""

import copy
from typing import Any

import pytest

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.portable import Portable
from mswal_bench.baselines.registry import METHODS
from mswal_bench.tests.speed.model_start import full_size_documents

CONFIGURATION = ("plans", "configurations", "3d_fullres")
ARCHITECTURE = (*CONFIGURATION, "architecture")
ARGUMENTS = (*ARCHITECTURE, "arch_kwargs")


def _portable(name: str) -> Portable:
    portable = METHODS[name].portable
    assert portable is not None
    return portable


def _changed(place: tuple[str, ...], value: Any) -> dict[str, Any]:
    documents: dict[str, Any] = copy.deepcopy(full_size_documents())
    inside = documents
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return documents


def test_those_of_the_method_have_no_faults() -> None:
    assert _portable("inception-nnunet").faults(full_size_documents(), Budget.PAPER) == []


@pytest.mark.parametrize("name", ["nnunet-v2", "mednext", "nnformer", "swin-unetr"])
def test_those_of_another_method_are_refused(name: str) -> None:
    assert any("the network is 'InceptionUNet'" in each for each in _portable(name).faults(full_size_documents(), None))


def test_those_of_another_budget_are_refused() -> None:
    faults = _portable("inception-nnunet").faults(full_size_documents(), Budget.DEMO)
    assert any("n_stages of the network is not 4" in each for each in faults)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*ARCHITECTURE, "network_class_name"), "os.system"),
        ((*ARCHITECTURE, "_kw_requires_import"), ["nonlin", "norm_op_kwargs"]),
        ((*ARGUMENTS, "nonlin"), "os.system"),
        ((*ARGUMENTS, "conv_op"), "subprocess.Popen"),
        ((*ARGUMENTS, "norm_op"), "torch.load"),
        ((*ARGUMENTS, "dropout_op"), "builtins.eval"),
        ((*ARGUMENTS, "more"), 1),
        ((*ARGUMENTS, "n_stages"), 5),
        ((*ARGUMENTS, "n_stages"), True),
        ((*ARGUMENTS, "features_per_stage"), [10**9] * 6),
        ((*ARGUMENTS, "features_per_stage"), "012345"),
        ((*ARGUMENTS, "strides"), [[1, 1, 1]] * 5),
        ((*ARGUMENTS, "strides"), [[1, 1, 1], *[[7, 7, 7]] * 5]),
        ((*ARGUMENTS, "kernel_sizes"), [[2, 2, 2]] * 6),
        ((*ARGUMENTS, "n_blocks_per_stage"), [65] * 6),
        ((*ARGUMENTS, "n_conv_per_stage"), [1] * 6),
        ((*ARGUMENTS, "n_conv_per_stage_decoder"), [1] * 6),
        ((*CONFIGURATION, "patch_size"), [60, 64, 64]),
        ((*CONFIGURATION, "patch_size"), [4096, 4096, 64]),
        ((*CONFIGURATION, "spacing"), [0.0, 1.0, 1.0]),
        ((*CONFIGURATION, "spacing"), ["1", 1.0, 1.0]),
        ((*CONFIGURATION, "preprocessor_name"), "Other"),
        ((*CONFIGURATION, "normalization_schemes"), ["CTNormalization"] * 2),
        ((*CONFIGURATION, "resampling_fn_data"), "os.system"),
        ((*CONFIGURATION, "more"), 1),
        (("plans", "image_reader_writer"), "Other"),
        (("plans", "label_manager"), "Other"),
        (("plans", "transpose_forward"), [0, 0, 1]),
        (("plans", "configurations", "2d"), {}),
        (("plans", "foreground_intensity_properties_per_channel"), {"0": {"mean": float("nan")}}),
        (("plans", "foreground_intensity_properties_per_channel"), {}),
        (("plans", "foreground_intensity_properties_per_channel"), {"0": {"mean": 1.0, "std": 1.0}}),
        (("dataset", "labels"), {"background": 0, "a": 2}),
        (("dataset", "labels"), {"background": 0, "a": [1, 2]}),
        (("dataset", "channel_names"), {"0": "CT", "1": "PET"}),
        (("dataset", "file_ending"), "/../x"),
        (("fingerprint", "spacings"), [[1.0, 1.0]]),
        (("prediction", "mirroring_axes"), [3]),
        (("prediction", "speck_limits_mm3"), {"0": {"1": -1.0}}),
        (("more",), {}),
    ],
)
def test_what_the_method_does_not_write_is_refused(place: tuple[str, ...], value: Any) -> None:
    faults = _portable("inception-nnunet").faults(_changed(place, value), Budget.PAPER)
    assert faults
    assert all(fault.isprintable() and len(fault) < 500 for fault in faults)


@pytest.mark.parametrize("name", ["plans", "dataset", "fingerprint", "prediction"])
def test_a_document_that_is_not_there_is_named(name: str) -> None:
    documents = full_size_documents()
    del documents[name]
    assert _portable("inception-nnunet").faults(documents, Budget.PAPER) == [f"{name} is missing"]
