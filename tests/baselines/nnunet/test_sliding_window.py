"""Logits that come plane by plane, against nnU-Net's, which are held whole."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

from mswal_bench.baselines.nnunet.fold_networks import FoldNetworks
from mswal_bench.baselines.nnunet.sliding_window import SlidingWindow

PATCH = (16, 24, 24)


def networks(folds=1, mirrored=()):
    """A small network, with other weights for each fold."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv3d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv3d(4, 8, 3, padding=1)
    )
    weights = [
        {key: value + torch.randn_like(value) / 10 for key, value in network.state_dict().items()} for _ in range(folds)
    ]
    of_patch, labels = SimpleNamespace(patch_size=list(PATCH)), SimpleNamespace(num_segmentation_heads=8)
    return FoldNetworks(network, weights, None, of_patch, labels, {}, mirrored, torch.device("cpu"))


def by_nnunet(of_image, folds=1, mirrored=()):
    """The logits that nnU-Net's own predictor makes with the same networks."""
    ours = networks(folds, mirrored)
    theirs = nnUNetPredictor(use_mirroring=bool(mirrored), device=torch.device("cpu"), allow_tqdm=False)
    theirs.network, theirs.list_of_parameters = ours.network, ours.weights
    theirs.configuration_manager, theirs.label_manager = ours.configuration, ours.labels
    theirs.allowed_mirroring_axes = mirrored or None
    return theirs.predict_logits_from_preprocessed_data(torch.from_numpy(of_image)).numpy()


def image(*shape):
    return np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "folds", "mirrored"),
    [
        ((41, 50, 30), 1, ()),
        ((33, 24, 40), 3, (0, 1, 2)),
        ((10, 20, 50), 2, ()),
        ((70, 31, 20), 2, (0,)),
        ((16, 24, 24), 5, ()),
        ((1, 30, 30), 1, ()),
    ],
)
def test_bit_for_bit_as_nnunet(shape, folds, mirrored):
    of_image = image(*shape)
    expected = by_nnunet(of_image, folds, mirrored)
    window = SlidingWindow(networks(folds, mirrored), of_image)
    assert window.shape == expected.shape
    found = np.stack([window.plane(z) for z in range(shape[0])], axis=1)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_a_network_is_compiled_where_the_user_says_so(monkeypatch):
    monkeypatch.setenv("nnUNet_compile", "1")
    compiled, real = [], torch.nn.Module.compile

    def without_a_compiler_of_c(network):
        compiled.append(network)
        real(network, backend="eager")

    monkeypatch.setattr(torch.nn.Module, "compile", without_a_compiler_of_c)
    of_image = image(20, 24, 24)
    window = SlidingWindow(networks(2), of_image)
    found = np.stack([window.plane(z) for z in range(20)], axis=1)
    assert len(compiled) == 1
    monkeypatch.delenv("nnUNet_compile")
    np.testing.assert_allclose(found, by_nnunet(of_image, 2), atol=1e-3)


def test_planes_may_be_passed_over():
    of_image = image(60, 24, 24)
    expected = by_nnunet(of_image)
    window = SlidingWindow(networks(), of_image)
    for z in (3, 4, 29, 30, 59):
        np.testing.assert_array_equal(window.plane(z), expected[:, z])


def test_what_is_held_does_not_grow_with_the_slices():
    held = []
    for slices in (48, 480):
        window = SlidingWindow(networks(2), image(slices, 24, 24))
        window.plane(40)
        held.append(sum(part.nbytes for value in vars(window).values() for part in tensors(value)))
    with_image = [each - 4 * slices * 24 * 24 for each, slices in zip(held, (48, 480), strict=True)]
    assert with_image[0] == with_image[1]


def tensors(value):
    parts = value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, torch.Tensor)]


def test_a_plane_that_was_let_go_is_not_made_up():
    window = SlidingWindow(networks(), image(60, 24, 24))
    window.plane(59)
    with pytest.raises(IndexError, match="plane 2 was let go"):
        window.plane(2)


@pytest.mark.parametrize("at", [0, 3])
def test_a_network_without_room_beside_the_sums_gets_it_once(monkeypatch, at):
    of_image = image(33, 40, 40)
    expected = by_nnunet(of_image, 2)
    real, calls = FoldNetworks.logits, []

    def full_at_first(self, window):
        calls.append(window)
        if len(calls) == at + 1:
            raise torch.OutOfMemoryError
        return real(self, window)

    monkeypatch.setattr(FoldNetworks, "logits", full_at_first)
    window = SlidingWindow(networks(2), of_image)
    np.testing.assert_array_equal(window.plane(5), expected[:, 5])

    monkeypatch.setattr(FoldNetworks, "logits", lambda *_: full_for_ever())
    with pytest.raises(torch.OutOfMemoryError):
        SlidingWindow(networks(2), of_image).plane(0)


def full_for_ever():
    raise torch.OutOfMemoryError
