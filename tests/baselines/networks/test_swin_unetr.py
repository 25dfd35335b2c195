import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

from torch import nn

from mswal_bench.baselines.networks.swin_unetr import SwinUnetr


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameters_are_those_of_the_original():
    # In its README, with 14 classes.
    assert parameters(SwinUnetr(1, 14)) / 1e6 == pytest.approx(62.1, abs=0.1)


def test_one_output_of_the_inputs_shape():
    network = SwinUnetr(1, 8, feature_size=12, window=4)
    with torch.no_grad():
        for mode in (True, False):
            assert network.train(mode)(torch.randn(1, 1, 64, 64, 96)).shape == (1, 8, 64, 64, 96)
            assert network(torch.randn(1, 1, 32, 32, 64)).isfinite().all()


def test_recomputing_changes_no_weight():
    plain, recomputing = (SwinUnetr(1, 8, feature_size=12, recompute=recompute) for recompute in (False, True))
    recomputing.load_state_dict(plain.state_dict(), strict=True)


@pytest.mark.parametrize("sides", [(64, 64, 80), (32, 32, 32)])
def test_refuses_sides_that_cannot_be(sides):
    network = SwinUnetr(1, 8, feature_size=12)
    with pytest.raises(ValueError, match=rf"multiples of 32, and one of them larger, found \({sides[0]}, "):
        network(torch.zeros(1, 1, *sides))


def test_has_no_deep_supervision():
    with pytest.raises(ValueError, match="one output"):
        SwinUnetr(1, 8, feature_size=12, deep_supervision=True)
