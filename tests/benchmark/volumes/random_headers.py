"""Compares the placement of NIfTI-1 files with SimpleITK's and nibabel's, on random headers.

`python -m mswal_bench.tests.benchmark.volumes.random_headers --count 100000` goes on where the suite's sample ends. A
header is good when both place it alike, or both refuse it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.nifti_fields import HEADER
from mswal_bench.benchmark.volumes.volume_header import read_header

SHAPE = (3, 4, 5)
# How far apart the corners of a whole scan of that grid may lie: what 32 bits round, and no more.
_SCAN = (512, 512, 512)
_TOLERANCE_MM = 1e-2


@dataclass(frozen=True)
class Outcome:
    """How a header was taken: by us and by SimpleITK, None for a refusal."""

    ours: Geometry | None
    simpleitks: Geometry | None

    @property
    def kind(self) -> str:
        if self.ours is None or self.simpleitks is None:
            return "refused" if self.ours is self.simpleitks else "refused by one"
        return "alike" if _apart_mm(self.ours, self.simpleitks) <= _TOLERANCE_MM else "placed apart"


def random_header(random: np.random.Generator) -> bytes:
    """A file of `SHAPE` voxels: one that a tool may have written, and often one with a fault."""
    header = np.zeros(1, HEADER.newbyteorder(random.choice(["<", ">"])))
    header["sizeof_hdr"], header["magic"], header["vox_offset"] = 348, b"n+1", 352
    header["dim"][0] = [3, *SHAPE, 1, 1, 1, 1]
    header["datatype"] = 2
    header["xyzt_units"] = random.choice([0, 2, 10, 1, 3], p=[0.2, 0.5, 0.2, 0.05, 0.05])
    steps = random.choice([np.full(3, 1.0), np.array([0.7, 0.7, 5.0]), random.uniform(0.3, 6.0, 3)])
    rotation = _rotation(random)
    quaternion = _quaternion(rotation)
    mirrored = random.random() < 0.5
    direction = rotation * [1, 1, -1 if mirrored else 1]
    origin = random.uniform(-500, 500, 3) * random.choice([0, 1])
    header["pixdim"][0, :4] = [-1 if mirrored else 1, *steps]
    header["quatern"], header["qoffset"] = quaternion, origin
    header["srow"][0, :, :3], header["srow"][0, :, 3] = direction * steps, origin
    header["qform_code"], header["sform_code"] = random.integers(0, 5, 2)
    for change in random.choice(len(_CHANGES), random.choice([0, 1, 2], p=[0.2, 0.6, 0.2]), replace=False):
        _CHANGES[change](header[0], random)
    bits = 0 if random.random() < 0.9 else 1
    return header.tobytes() + bytes(4 + bits * 16) + bytes(int(np.prod(SHAPE)))


def _rotation(random: np.random.Generator) -> NDArray[np.float64]:
    kind = random.integers(0, 4)
    if kind == 0:
        turn = np.eye(3)[random.permutation(3)] * random.choice([-1, 1], 3)
    elif kind == 1:
        turn = np.diag(random.choice([-1.0, 1.0], 3))
    else:
        turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    if kind == 3:
        # Nearly unrotated, which is nearly a half turn for a scan in LPS.
        small = random.normal(size=(3, 3)) * _size(random, -6, -1)
        turn = np.linalg.qr(np.diag([-1.0, -1.0, 1.0]) + small)[0]
    return turn * [1, 1, np.sign(np.linalg.det(turn))]


def _quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """The vector (b, c, d) of the unit quaternion (a, b, c, d) with a not below 0."""
    from scipy.spatial.transform import Rotation

    vector = Rotation.from_matrix(rotation).as_quat(canonical=True)
    return np.asarray(vector[:3])


def _size(random: np.random.Generator, low: float, high: float) -> float:
    return float(10 ** random.uniform(low, high) * random.choice([-1, 1]))


def _sheared(header: np.void, random: np.random.Generator) -> None:
    first, second = random.choice(3, 2, replace=False)
    header["srow"][:, first] += header["srow"][:, second] * _size(random, -6, -1)


def _sform_turned(header: np.void, random: np.random.Generator) -> None:
    turn = np.linalg.qr(np.eye(3) + random.normal(size=(3, 3)) * _size(random, -7, 0))[0]
    header["srow"][:, :3] = turn @ header["srow"][:, :3]


def _sform_moved(header: np.void, random: np.random.Generator) -> None:
    header["srow"][:, 3] += random.normal(size=3) * _size(random, -6, 2)


def _steps_differ(header: np.void, random: np.random.Generator) -> None:
    header["pixdim"][random.integers(1, 4)] *= 1 + _size(random, -6, -0.5)


def _steps_negative(header: np.void, random: np.random.Generator) -> None:
    header["pixdim"][random.integers(1, 4)] *= -1


def _sform_scaled(header: np.void, random: np.random.Generator) -> None:
    header["srow"][:, :3] *= 10 ** random.uniform(-7, 3)


def _meant_as_vectors(header: np.void, random: np.random.Generator) -> None:
    header["intent_code"] = random.integers(1003, 1009)


def _handed_otherwise(header: np.void, random: np.random.Generator) -> None:
    header["pixdim"][0] = random.choice([-1, 0, 1, 3])


def _sform_empty(header: np.void, random: np.random.Generator) -> None:
    header["srow"] = 0


def _quaternion_longer(header: np.void, random: np.random.Generator) -> None:
    header["quatern"] *= 1 + _size(random, -8, -1)


def _far_away(header: np.void, random: np.random.Generator) -> None:
    factor = 10 ** random.uniform(0, 5)
    header["srow"][:, 3] *= factor
    header["qoffset"] *= factor


_CHANGES = (
    _sheared, _sheared, _sform_turned, _sform_turned, _sform_moved, _steps_differ, _steps_negative,
    _handed_otherwise, _sform_empty, _quaternion_longer, _far_away, _sform_scaled, _meant_as_vectors,
)  # fmt: skip


def compare(content: bytes, folder: Path) -> Outcome:
    """Reads the file both ways."""
    path = folder / "a.nii"
    path.write_bytes(content)
    try:
        ours = read_header(path).geometry
    except BenchError:
        ours = None
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError:
        return Outcome(ours, None)
    return Outcome(ours, Geometry(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()))


def _apart_mm(one: Geometry, other: Geometry) -> float:
    corners = np.array(np.meshgrid(*[[0, size - 1] for size in _SCAN])).reshape(3, -1)
    places = [
        np.array(each.origin_mm)[:, None]
        + np.reshape(each.direction, (3, 3)) @ (corners * np.array(each.spacing_mm)[:, None])
        for each in (one, other)
    ]
    scale = max(1.0, float(np.abs(places[1]).max()) / 1e3)
    return float(np.abs(places[0] - places[1]).max()) / scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    kinds: Counter[str] = Counter()
    random = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.count):
            content = random_header(random)
            outcome = compare(content, Path(folder))
            kinds[outcome.kind] += 1
            if outcome.kind in ("refused by one", "placed apart"):
                print(f"header {number}: {outcome.kind}\n  {outcome.ours}\n  {outcome.simpleitks}")
    print(", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items())))
    raise SystemExit(kinds["refused by one"] + kinds["placed apart"] > 0)


if __name__ == "__main__":
    main()
