"""Checkpoints of nnU-Net's are read within bounds, and written as nnU-Net reads them."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from mswal_bench.baselines.checkpoint_reading import CheckpointError
from mswal_bench.baselines.nnunet.model_folder import read_own_checkpoint, write_checkpoint
from mswal_bench.baselines.nnunet.planned_network import first_names

from .nnunet_models import checkpoint, network

NAME = "encoder.stages.0.0.convs.0.conv.weight"
AGAIN = "decoder.encoder.stages.0.0.convs.0.conv.weight"


@pytest.fixture(scope="module")
def state():
    return network().state_dict()


@pytest.fixture(scope="module")
def names():
    return first_names(network())


@pytest.fixture(scope="module")
def shapes(state, names):
    return {name: tuple(state[name].shape) for name in dict.fromkeys(names.values())}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint_final.pth"


def saved(path, weights, **more):
    torch.save(checkpoint(weights, **more), path)
    return read_own_checkpoint(path)


def test_what_nnunet_writes_is_read(path, state, names, shapes):
    read = saved(path, state)
    assert (read.trainer, read.configuration, read.mirroring_axes, read.epochs) == (
        "nnUNetTrainer", "3d_fullres", (0, 1, 2), 1000,
    )  # fmt: skip
    weights = read.weights(names, shapes)
    assert weights.keys() == shapes.keys()
    assert len(weights) < len(state)
    assert all(torch.equal(weights[name], state[name]) for name in weights)


@pytest.mark.parametrize(
    ("more", "axes", "epochs"),
    [
        ({"inference_allowed_mirroring_axes": None, "current_epoch": 0}, (), None),
        ({"inference_allowed_mirroring_axes": [1, 0], "current_epoch": "5"}, (0, 1), None),
    ],
)
def test_what_a_checkpoint_need_not_say(path, state, more, axes, epochs):
    read = saved(path, state, **more)
    assert (read.mirroring_axes, read.epochs) == (axes, epochs)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: {name: each for name, each in state.items() if name != NAME}, f"it lacks '{NAME}'"),
        (lambda state: {**state, "\x1b[2J": torch.zeros(1)}, r"it has '\x1b[2J', which the network"),
        (lambda state: {**state, 5: torch.zeros(1)}, "it has '5', which the network"),
        (lambda state: {**state, NAME: torch.zeros(1)}, "is of shape (1,), not (4, 1, 3, 3, 3)"),
        (lambda state: {**state, NAME: [1.0]}, "has no numbers of a network"),
        (lambda state: {**state, NAME: state[NAME].to(torch.complex64)}, "has no numbers of a network"),
        (lambda state: {**state, NAME: state[NAME].to("meta")}, "has no numbers of a network"),
        (lambda state: {**state, NAME: state[NAME].to_sparse()}, "has no numbers of a network"),
        (lambda state: {**state, AGAIN: state[AGAIN] + 1}, f"has two values of one tensor, '{AGAIN}'"),
    ],
)
def test_the_state_of_another_network_is_refused(path, state, names, shapes, change, reason):
    read = saved(path, change(dict(state)))
    with pytest.raises(CheckpointError) as caught:
        read.weights(names, shapes)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"trainer_name": None}, "does not say which trainer"),
        ({"init_args": {"configuration": 3}}, "does not say which trainer"),
        ({"init_args": []}, "does not say which trainer"),
        ({"network_weights": [1]}, "has no tensors by name"),
        ({"inference_allowed_mirroring_axes": (0, 7)}, "names flips that no volume has"),
        ({"inference_allowed_mirroring_axes": 3}, "names flips that no volume has"),
    ],
)
def test_what_is_no_checkpoint_of_nnunets_is_refused(path, state, more, reason):
    with pytest.raises(CheckpointError) as caught:
        saved(path, state, **more)
    assert reason in caught.value.reason


@pytest.mark.parametrize("kind", [torch.float32, torch.float16])
def test_what_is_written_fits_nnunets_network(tmp_path, state, names, shapes, kind):
    # Within a larger tensor, as weights that are mapped are.
    weights = {name: torch.stack([state[name], state[name]]).to(kind)[1] for name in shapes}
    write_checkpoint(tmp_path, 2, weights, names, (), 4)
    path = tmp_path / "fold_2" / "checkpoint_final.pth"
    content = torch.load(path, weights_only=True)
    built = network()
    built.load_state_dict(content["network_weights"])
    assert all(torch.equal(each, weights[names[name]].float()) for name, each in built.state_dict().items())
    assert content["inference_allowed_mirroring_axes"] is None
    numbers = sum(weights[name].numel() for name in shapes)
    assert path.stat().st_size < 4 * numbers + 40_000
    read = read_own_checkpoint(path)
    assert (read.trainer, read.epochs, read.mirroring_axes) == ("nnUNetTrainer", 4, ())
    assert read.weights(names, shapes).keys() == shapes.keys()
