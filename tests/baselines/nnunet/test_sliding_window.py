"""Logits that come plane by plane, against nnU-Net's, which are held whole."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

from mswal_bench.baselines.nnunet.sliding_window import SlidingWindow

PATCH = (16, 24, 24)


def predictor(folds=1, mirrored=None):
    """Of a small network, with other weights for each fold."""
    torch.manual_seed(0)
    made = nnUNetPredictor(use_mirroring=mirrored is not None, device=torch.device("cpu"), allow_tqdm=False)
    made.network = torch.nn.Sequential(
        torch.nn.Conv3d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv3d(4, 8, 3, padding=1)
    )
    of_fold = made.network.state_dict().items()
    made.list_of_parameters = [
        {key: value + torch.randn_like(value) / 10 for key, value in of_fold} for _ in range(folds)
    ]
    made.configuration_manager = SimpleNamespace(patch_size=list(PATCH))
    made.label_manager = SimpleNamespace(num_segmentation_heads=8)
    made.allowed_mirroring_axes = mirrored
    return made


def image(*shape):
    return np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "folds", "mirrored"),
    [
        ((41, 50, 30), 1, None),
        ((33, 24, 40), 3, (0, 1, 2)),
        ((10, 20, 50), 2, None),
        ((70, 31, 20), 2, (0,)),
        ((16, 24, 24), 5, None),
        ((1, 30, 30), 1, None),
    ],
)
def test_bit_for_bit_as_nnunet(shape, folds, mirrored):
    of_image = image(*shape)
    expected = predictor(folds, mirrored).predict_logits_from_preprocessed_data(torch.from_numpy(of_image)).numpy()
    window = SlidingWindow(predictor(folds, mirrored), of_image)
    assert window.shape == expected.shape
    found = np.stack([window.plane(z) for z in range(shape[0])], axis=1)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_planes_may_be_passed_over():
    of_image = image(60, 24, 24)
    expected = predictor().predict_logits_from_preprocessed_data(torch.from_numpy(of_image)).numpy()
    window = SlidingWindow(predictor(), of_image)
    for z in (3, 4, 29, 30, 59):
        np.testing.assert_array_equal(window.plane(z), expected[:, z])


def test_what_is_held_does_not_grow_with_the_slices():
    held = []
    for slices in (48, 480):
        window = SlidingWindow(predictor(2), image(slices, 24, 24))
        window.plane(40)
        held.append(sum(part.nbytes for value in vars(window).values() for part in tensors(value)))
    with_image = [each - 4 * slices * 24 * 24 for each, slices in zip(held, (48, 480), strict=True)]
    assert with_image[0] == with_image[1]


def tensors(value):
    parts = value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, torch.Tensor)]


def test_a_plane_that_was_let_go_is_not_made_up():
    window = SlidingWindow(predictor(), image(60, 24, 24))
    window.plane(59)
    with pytest.raises(IndexError, match="plane 2 was let go"):
        window.plane(2)


@pytest.mark.parametrize("at", [0, 3])
def test_a_network_without_room_beside_the_sums_gets_it_once(monkeypatch, at):
    of_image = image(33, 40, 40)
    expected = predictor(2).predict_logits_from_preprocessed_data(torch.from_numpy(of_image)).numpy()
    real, calls = nnUNetPredictor._internal_maybe_mirror_and_predict, []

    def full_at_first(self, tile):
        calls.append(tile)
        if len(calls) == at + 1:
            raise torch.OutOfMemoryError
        return real(self, tile)

    monkeypatch.setattr(nnUNetPredictor, "_internal_maybe_mirror_and_predict", full_at_first)
    window = SlidingWindow(predictor(2), of_image)
    np.testing.assert_array_equal(window.plane(5), expected[:, 5])

    monkeypatch.setattr(nnUNetPredictor, "_internal_maybe_mirror_and_predict", lambda *_: full_for_ever())
    with pytest.raises(torch.OutOfMemoryError):
        SlidingWindow(predictor(2), of_image).plane(0)


def full_for_ever():
    raise torch.OutOfMemoryError
