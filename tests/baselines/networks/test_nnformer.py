"""nnFormer: its attention against one over the whole volume, its shapes and its parameter count at full size."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn

from mswal_bench.baselines.networks.nnformer import NnFormer
from mswal_bench.baselines.networks.nnformer_blocks import (
    DropPath,
    Embedding,
    SelfAttentionBlock,
    SkipAttentionBlock,
    WindowAttention,
    Windows,
    merge,
    partition,
)

SMALL: dict[str, Any] = {
    "input_channels": 1,
    "num_classes": 8,
    "patch_size": (32, 32, 32),
    "embedding": 12,
    "heads": (1, 2, 2, 4),
}
# Sides of a volume of tokens, windows, and how far they are shifted: whole windows, shifted ones, padded ones.
GRIDS = [
    ((4, 6, 8), Windows((2, 3, 4), (0, 0, 0))),
    ((4, 6, 8), Windows((2, 3, 4), (1, 1, 2))),
    ((4, 4, 6), Windows((4, 2, 3), (0, 1, 1))),
    ((3, 5, 7), Windows((2, 3, 4), (0, 0, 0))),
    ((3, 5, 7), Windows((2, 3, 4), (1, 1, 2))),
]


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def randomised(module):
    """The module in double precision without dropping, every parameter drawn anew."""
    module = module.double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0, 0.5)
    return module


def seen(sides, windows):
    """(tokens, tokens): whether two tokens of a volume are in the same window of a grid that starts at the shift and
    has partial windows at the borders. No padding, no cyclic shift."""
    places = np.stack(np.indices(sides), axis=-1).reshape(-1, 3)
    cells = (places - np.array(windows.shift)) // np.array(windows.size)
    return (cells[:, None] == cells[None]).all(axis=-1)


def position_bias(sides, windows, table):
    """(heads, tokens, tokens): the bias of each pair of tokens that see each other."""
    places = np.stack(np.indices(sides), axis=-1).reshape(-1, 3)
    apart = places[:, None] - places[None] + np.array(windows.size) - 1
    spans = [2 * side - 1 for side in windows.size]
    rows = np.ravel_multi_index(tuple(np.moveaxis(apart, -1, 0)), spans, mode="clip")
    return np.moveaxis(table.detach().numpy()[rows], -1, 0)


def whole_volume_attention(queries, keys, values, windows, attention):
    """Attention of all tokens of (z, y, x, channels) to all tokens, those that must not be seen masked."""
    sides, channels = queries.shape[:3], queries.shape[3]
    q, k, v = (
        np.moveaxis(part.reshape(-1, attention.heads, channels // attention.heads), 1, 0)
        for part in (queries, keys, values)
    )
    scores = q @ np.moveaxis(k, 1, 2) / np.sqrt(channels // attention.heads)
    scores = np.where(seen(sides, windows), scores + position_bias(sides, windows, attention.table), -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (weights / weights.sum(axis=-1, keepdims=True)) @ v
    return linear(np.moveaxis(mixed, 0, 1).reshape(*sides, channels), attention.projection)


def linear(x, layer):
    return x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()


def layer_norm(x, layer):
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    return scaled * layer.weight.detach().numpy() + layer.bias.detach().numpy()


def gelu(x):
    from scipy.special import erf

    return x * (1 + erf(x / np.sqrt(2))) / 2


def with_mlp(x, block):
    norm, first, _, second = block.mlp
    return x + linear(gelu(linear(layer_norm(x, norm), first)), second)


# Abdominal setting, one channel. Of the paper's 149.8M, 9 classes (the eight organs of its table and background) give
# 149.84M; the released code's default of 14 classes gives 150.05M.
@pytest.mark.parametrize(("classes", "count"), [(14, 150_054_210), (9, 149_839_155)])
def test_parameters_of_the_abdominal_setting(classes, count):
    with torch.device("meta"):
        network = NnFormer(1, classes)
    assert parameters(network) == count
    assert count == pytest.approx(149.8e6, rel=0.01)


def test_abdominal_attention_is_local_then_global():
    with torch.device("meta"):
        network = NnFormer(1, 8)
    assert [[block.windows for block in stage] for stage in network.encoder] == [
        [Windows((4, 4, 4), (0, 0, 0)), Windows((4, 4, 4), (2, 2, 2))],
        [Windows((4, 4, 4), (0, 0, 0)), Windows((4, 4, 4), (2, 2, 2))],
        [Windows((8, 8, 8), (0, 0, 0))] * 2,  # the whole 8 x 8 x 8 map
        [Windows((4, 4, 4), (0, 0, 0))] * 2,  # the whole 4 x 4 x 4 map
    ]
    assert [block.windows for block in network.decoder.skip_attentions] == [
        network.encoder[stage][0].windows for stage in (2, 1, 0)
    ]
    assert [[block.windows for block in stage] for stage in network.decoder.stages] == [
        [network.encoder[stage][1].windows] for stage in (2, 1, 0)
    ]


def test_drop_path_grows_along_the_encoder_and_along_the_decoder():
    with torch.device("meta"):
        network = NnFormer(1, 8)
    encoder = [block.drop_path.probability for stage in network.encoder for block in stage]
    decoder = [
        block.drop_path.probability
        for skip_attention, stage in zip(network.decoder.skip_attentions, network.decoder.stages, strict=True)
        for block in (skip_attention, *stage)
    ]
    assert encoder == pytest.approx(np.linspace(0, 0.2, 8))
    assert decoder == pytest.approx(np.linspace(0, 0.2, 6))


def test_shapes_and_deep_supervision():
    network = NnFormer(**SMALL).eval()
    x = torch.randn(2, 1, 32, 32, 32)
    full = network(x)
    assert full.shape == (2, 8, 32, 32, 32)
    network.decoder.deep_supervision = True
    outputs = network(x)
    assert [tuple(output.shape) for output in outputs] == [(2, 8, side, side, side) for side in (32, 16, 8)]
    torch.testing.assert_close(outputs[0], full)


def test_deep_supervision_changes_no_weights():
    with torch.device("meta"):
        names = [set(NnFormer(**SMALL, deep_supervision=flag).state_dict()) for flag in (False, True)]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        ({}, (16, 32, 32)),  # smaller than the patch
        ({}, (48, 32, 64)),  # larger, and padded for windows of 4 tokens
        ({"embedding_stride": (2, 2, 2)}, (32, 32, 32)),
        ({"embedding_stride": (1, 4, 4), "embedding": 24, "heads": (1, 2, 4, 8)}, (32, 32, 32)),
        ({"depths": (1, 3), "heads": (1, 2), "window": (4, 4), "input_channels": 3}, (32, 32, 32)),
    ],
)
def test_other_sizes_and_settings(options, sides):
    options = {**SMALL, **options}
    network = NnFormer(**options).eval()
    with torch.no_grad():
        assert network(torch.randn(1, options["input_channels"], *sides)).shape == (1, 8, *sides)


def test_built_by_nnunet_from_plans():
    plans = pytest.importorskip("nnunetv2.utilities.get_network_from_plans")
    network = plans.get_network_from_plans(
        "mswal_bench.baselines.networks.nnformer.NnFormer",
        {
            "patch_size": [32, 32, 32],
            "embedding": 12,
            "depths": [2, 2, 2, 2],
            "heads": [1, 2, 2, 4],
            "window": [4, 4, 8, 4],
            "embedding_stride": [2, 4, 4],
        },
        [],
        input_channels=1,
        output_channels=8,
        deep_supervision=True,
    )
    assert isinstance(network, NnFormer)
    assert network.decoder.deep_supervision
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    weights = torch.cat([layer.weight.flatten() for layer in layers])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert all(layer.bias.abs().max() == 0 for layer in layers)


def test_gradients_reach_every_parameter():
    network = NnFormer(**SMALL, drop_path=0, deep_supervision=True)
    outputs = network(torch.randn(2, 1, 32, 32, 32))
    sum(output.square().mean() for output in outputs).backward()
    assert [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0] == []


def test_half_precision_stays_finite():
    network = NnFormer(**SMALL, deep_supervision=True)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = network(torch.randn(1, 1, 32, 32, 32))
    sum(output.float().square().mean() for output in outputs).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_partition_takes_cubes_and_merge_undoes_it():
    volume = torch.arange(2 * 4 * 6 * 8 * 3).reshape(2, 4, 6, 8, 3)
    windows = partition(volume, (2, 3, 4))
    assert windows.shape == (2, 8, 24, 3)
    # The window at place (1, 0, 1) of the 2 x 2 x 2 grid.
    torch.testing.assert_close(windows[:, 5], volume[:, 2:4, 0:3, 4:8].reshape(2, 24, 3))
    torch.testing.assert_close(merge(windows, (2, 3, 4), (4, 6, 8)), volume)


@pytest.mark.parametrize(("sides", "windows"), GRIDS)
def test_join_undoes_split(sides, windows):
    volume = torch.randn(2, *sides, 3)
    torch.testing.assert_close(windows.join(windows.split(volume), sides), volume)


def test_windows_are_clipped_and_not_shifted_where_one_covers_the_volume():
    assert Windows.fitted(4, (8, 4, 2), shifted=True) == Windows((4, 4, 2), (2, 0, 0))
    assert Windows.fitted(4, (8, 4, 2), shifted=False) == Windows((4, 4, 2), (0, 0, 0))


def test_whole_windows_need_no_mask():
    assert Windows((2, 3, 4), (0, 0, 0)).mask((4, 6, 8), torch.device("cpu")) is None


@pytest.mark.parametrize(("sides", "windows"), GRIDS)
def test_self_attention_is_attention_over_the_volume_to_tokens_of_the_window(sides, windows):
    block = randomised(SelfAttentionBlock(6, 2, windows, 4, 0.2))
    x = torch.randn(2, *sides, 6, dtype=torch.float64)
    for sample, result in zip(x.numpy(), block(x).detach().numpy(), strict=True):
        parts = np.split(linear(layer_norm(sample, block.norm), block.linear), 3, axis=-1)
        attended = whole_volume_attention(*parts, windows, block.attention)
        np.testing.assert_allclose(result, with_mlp(sample + attended, block), atol=1e-9)


@pytest.mark.parametrize(("sides", "windows"), GRIDS)
def test_skip_attention_is_attention_of_the_decoder_to_the_skip(sides, windows):
    block = randomised(SkipAttentionBlock(6, 2, windows, 4, 0.2))
    up, skip = torch.randn(2, 1, *sides, 6, dtype=torch.float64)
    result = block(up, skip)[0].detach().numpy()
    queries = layer_norm(up[0].numpy(), block.norm)
    keys, values = np.split(linear(layer_norm(skip[0].numpy(), block.norm), block.linear), 2, axis=-1)
    attended = whole_volume_attention(queries, keys, values, windows, block.attention)
    np.testing.assert_allclose(result, with_mlp((up + skip)[0].numpy() + attended, block), atol=1e-9)


@pytest.mark.parametrize(("sides", "windows"), GRIDS)
def test_a_changed_token_changes_what_its_window_makes_of_it(sides, windows):
    block = randomised(SkipAttentionBlock(6, 2, windows, 4, 0))
    up, skip = torch.randn(2, 1, *sides, 6, dtype=torch.float64)
    before = block(up, skip)
    mates = seen(sides, windows)
    for token in (0, mates.shape[0] // 2, mates.shape[0] - 1):
        place = (0, *np.unravel_index(token, sides))
        change = torch.zeros_like(up)
        change[place] = torch.randn(6, dtype=torch.float64)
        # As a query it matters to itself only; as a key and value to every token of its window and to no other.
        by_up = (block(up + change, skip) != before).any(dim=-1).flatten().numpy()
        by_skip = (block(up, skip + change) != before).any(dim=-1).flatten().numpy()
        assert np.flatnonzero(by_up).tolist() == [token]
        assert np.flatnonzero(by_skip).tolist() == np.flatnonzero(mates[token]).tolist()


def test_each_relative_position_has_a_bias_of_its_own():
    attention = WindowAttention(4, 2, (2, 3, 4))
    assert attention.table.shape == (3 * 5 * 7, 2)
    assert attention.relative.shape == (24, 24)
    assert len(attention.relative.unique()) == 3 * 5 * 7
    tokens = torch.randn(1, 2, 24, 4)
    before = attention(tokens, tokens, tokens, None)
    with torch.no_grad():
        attention.table[attention.relative[3, 7]] += 1
    # The tokens that have another one at this relative position: (0, 0, 3) to (0, 1, 3), a step along y.
    changed = (attention(tokens, tokens, tokens, None) - before).abs().sum(dim=(0, 1, 3)) > 1e-6
    assert changed.reshape(2, 3, 4).tolist() == [[[True] * 4, [True] * 4, [False] * 4]] * 2


def test_embedding_has_no_gelu_before_its_last_norm():
    embedding = Embedding(1, 4, (2, 4, 4)).eval()
    x = torch.randn(1, 1, 4, 8, 8)
    expected = x
    for convolution, norm in zip(embedding.convolutions[:3], embedding.norms[:3], strict=True):
        expected = norm(nn.functional.gelu(convolution(expected)).movedim(1, -1)).movedim(-1, 1)
    expected = embedding.norms[3](embedding.convolutions[3](expected).movedim(1, -1))
    assert expected.shape == (1, 2, 2, 2, 4)
    torch.testing.assert_close(embedding(x), expected)


def test_drop_path_drops_whole_samples_in_training_only():
    drop = DropPath(0.25)
    branch = torch.rand(4000, 2, 3) + 1
    dropped = drop(branch)
    kept = (dropped != 0).flatten(1)
    assert torch.equal(kept.all(dim=1), kept.any(dim=1))
    assert kept[:, 0].float().mean().item() == pytest.approx(0.75, abs=0.03)
    torch.testing.assert_close(dropped[kept[:, 0]], branch[kept[:, 0]] / 0.75)
    assert drop.eval()(branch) is branch


def test_the_network_drops_paths_in_training_only():
    network = NnFormer(**SMALL, drop_path=0.9)
    x = torch.randn(1, 1, 32, 32, 32)
    with torch.no_grad():
        assert not torch.equal(network(x), network(x))
        network.eval()
        torch.testing.assert_close(network(x), network(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"patch_size": (32, 32)}, r"patch_size is \[32, 32\], expected three numbers"),
        ({"patch_size": (32, 48, 32)}, "patch_size has sides 32 x 48 x 32 .* divisible by 16 x 32 x 32"),
        ({"depths": (2,)}, "at least two stages"),
        ({"heads": (1, 2, 2)}, "a positive number for each of 4 stages"),
        ({"window": (4, 4, 8, 0)}, "a positive number for each of 4 stages"),
        ({"heads": (1, 2, 2, 5)}, "5 heads do not divide the 96 channels"),
        ({"embedding": 13}, "expected an even number"),
        ({"embedding_stride": (2, 3, 4)}, r"embedding_stride is \[2, 3, 4\], expected 1, 2 or 4"),
        ({"drop_path": 1.0}, "drop_path is 1.0, expected a probability below 1"),
    ],
)
def test_refuses_what_it_cannot_be(change, words):
    with pytest.raises(ValueError, match=words):
        NnFormer(**{**SMALL, **change})


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 1, 32, 40, 32), "the input has sides 32 x 40 x 32 .* divisible by 16 x 32 x 32"),
        ((1, 1, 32, 32), "expected 5 axes, found 4"),
    ],
)
def test_refuses_inputs_that_do_not_fit(shape, words):
    with pytest.raises(ValueError, match=words):
        NnFormer(**SMALL)(torch.zeros(shape))
