import pytest

torch = pytest.importorskip("torch")
nets = pytest.importorskip("monai.networks.nets.mednext")

from torch import nn

from mswal_bench.baselines.networks.mednext import MedNeXt


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def small(**options):
    torch.manual_seed(0)
    return MedNeXt(1, 8, size="S", channels=4, **options)


@pytest.mark.parametrize(
    ("size", "kernel", "millions"),
    [
        ("S", 3, 5.6),
        ("S", 5, 5.9),
        ("B", 3, 10.5),
        ("B", 5, 11.0),
        ("M", 3, 17.6),
        ("M", 5, 18.3),
        ("L", 3, 61.8),
        ("L", 5, 63.0),
    ],
)
def test_parameters_are_those_of_the_original(size, kernel, millions):
    with torch.device("meta"):
        network = MedNeXt(1, 8, size=size, kernel=kernel)
    # The table in the original's README, in millions with one decimal.
    assert parameters(network) / 1e6 == pytest.approx(millions, abs=0.1)


def test_the_original_counts_one_parameter_more():
    with torch.device("meta"):
        # The original counts one more, which its gradient checkpointing wanted and nothing uses.
        assert parameters(MedNeXt(1, 8, size="B", kernel=3)) == 10_534_217 - 1


def test_monai_has_fewer_in_its_downsampling_blocks():
    with torch.device("meta"):
        monais = nets.MedNeXtL(in_channels=1, out_channels=8, kernel_size=3, deep_supervision=True)
        network = MedNeXt(1, 8, size="L", kernel=3)
    # With ratios 3, 4 in place of 4, 8 at 32 and 64 channels: two pointwise convolutions and a bias for each unit.
    missing = 1 * (32 * 32 + 32 + 32 * 64) + 4 * (64 * 64 + 64 + 64 * 128)
    assert missing == 52_512
    assert parameters(monais) == parameters(network) - missing


def test_size_s_is_monais_network():
    monais = nets.MedNeXt(
        init_filters=4, out_channels=8, kernel_size=3, deep_supervision=True, use_residual_connection=True
    )
    network = small(deep_supervision=True)
    assert parameters(network) == parameters(monais)
    ours = {
        "stem": network.stem,
        "enc_stages": network.stages[:-1],
        "down_blocks": network.downsamplings,
        "bottleneck": network.stages[-1],
        "up_blocks": network.decoder.upsamplings,
        "dec_stages": network.decoder.stages,
        "out_blocks": network.decoder.outputs[:-1],
        "out_0": network.decoder.outputs[-1],
    }
    for name, part in ours.items():
        getattr(monais, name).load_state_dict(part.state_dict())
    x = torch.randn(2, 1, 32, 32, 16)
    torch.testing.assert_close(network(x), list(monais.train()(x)))


@pytest.mark.parametrize("training", [True, False])
def test_gives_a_list_where_nnunet_asked_for_one(training):
    network = small(deep_supervision=True).train(training)
    x = torch.randn(1, 1, 32, 48, 32)
    with torch.no_grad():
        outputs = network(x)
        assert [tuple(output.shape) for output in outputs] == [
            (1, 8, 32 // step, 48 // step, 32 // step) for step in (1, 2, 4, 8, 16)
        ]
        network.decoder.deep_supervision = False
        torch.testing.assert_close(network(x), outputs[0])


def test_weights_trained_with_deep_supervision_load_strictly_without():
    trained = small(deep_supervision=True)
    plain = MedNeXt(1, 8, size="S", channels=4)
    plain.load_state_dict(trained.state_dict(), strict=True)
    x = torch.randn(1, 1, 16, 16, 32)
    with torch.no_grad():
        torch.testing.assert_close(plain(x), trained(x)[0])


def test_recomputing_changes_no_gradient():
    gradients = []
    x = torch.randn(1, 1, 16, 16, 32)
    for recompute in (False, True):
        network = small(recompute=recompute, deep_supervision=True)
        sum(output.square().mean() for output in network(x)).backward()
        gradients.append([parameter.grad for parameter in network.parameters()])
    torch.testing.assert_close(*gradients)


def test_refuses_sides_that_do_not_halve_four_times():
    with pytest.raises(ValueError, match=r"multiples of 16, found \(32, 32, 40\)"):
        small()(torch.zeros(1, 1, 32, 32, 40))
