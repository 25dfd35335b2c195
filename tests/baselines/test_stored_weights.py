"""Safetensors are read as their library writes them, and a header that lies is refused."""

import io
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from mswal_bench.baselines.stored_weights import StoredWeights, WeightsError, read_header

TENSORS = {
    "b.weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4),
    "a.half": torch.arange(5, dtype=torch.float16),
    "count": torch.tensor(7),
}
ONE = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def _packed(header: object, data: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize("before", [0, 64, 13])
def test_equals_what_the_library_wrote_also_within_a_larger_file(tmp_path: Path, before: int) -> None:
    content = safetensors_torch.save(TENSORS)
    (tmp_path / "file").write_bytes(bytes(before) + content + b"behind")
    read = StoredWeights(tmp_path / "file", before, len(content)).tensors()
    assert read.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)


def test_changing_a_tensor_changes_no_file(tmp_path: Path) -> None:
    content = safetensors_torch.save(TENSORS)
    (tmp_path / "file").write_bytes(content)
    StoredWeights(tmp_path / "file", 0, len(content)).tensors()["b.weight"].fill_(0)
    assert (tmp_path / "file").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "its header would have"),
        ((1 << 62).to_bytes(8, "little") + b"{}", "its header would have"),
        (_packed(b"not JSON"), "not JSON"),
        (_packed(b"[" * 100_000), "not JSON"),
        (_packed(b'{"w": 1, "w": 2}'), "a name twice"),
        (_packed([1]), "no table"),
        (_packed({}, b""), "has 0 tensors"),
        (_packed({"w": 1}), "not described"),
        (_packed({"w": {**ONE["w"], "more": 1}}), "not described"),
        (_packed({"w": {**ONE["w"], "dtype": "F64"}}), "of the kind 'F64'"),
        (_packed({"w": {**ONE["w"], "shape": [-2]}}), "no shape"),
        (_packed({"w": {**ONE["w"], "shape": [True, 2]}}), "no shape"),
        (_packed({"w": {**ONE["w"], "shape": [1 << 39, 1 << 39]}}), "a shape of"),
        (_packed({"w": {**ONE["w"], "data_offsets": [0, 4]}}), "a shape of 8 bytes, and 4"),
        (_packed(ONE, bytes(4)), "take 8 bytes, and 4 are there"),
        (_packed(ONE, bytes(12)), "take 8 bytes, and 12 are there"),
        (_packed({"w": {**ONE["w"], "data_offsets": [4, 12]}}, bytes(12)), "does not begin where"),
        (_packed({**ONE, "v": ONE["w"]}), "does not begin where"),
        (_packed({"w" * 400: ONE["w"]}), "not described"),
    ],
)
def test_a_header_that_lies_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(WeightsError, match=reason):
        read_header(io.BytesIO(content), len(content))


def test_a_name_cannot_steer_a_terminal() -> None:
    content = _packed({"\x1b[2J": 1})
    with pytest.raises(WeightsError) as caught:
        read_header(io.BytesIO(content), len(content))
    assert str(caught.value).isprintable()
