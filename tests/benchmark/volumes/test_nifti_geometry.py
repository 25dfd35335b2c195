"""Random headers, placed by us and by SimpleITK; `random_headers` goes on with as many as one likes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.geometry import differing
from mswal_bench.benchmark.volumes.nifti_ambiguity import placed_by_nibabel
from mswal_bench.benchmark.volumes.nifti_fields import read_fields
from mswal_bench.benchmark.volumes.volume_header import read_header

from .random_headers import SHAPE, compare, random_header

nibabel = pytest.importorskip("nibabel")
_SAMPLE = 400


def test_placed_as_simpleitk_does_or_refused_by_both(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    kinds = Counter(compare(random_header(random), tmp_path).kind for _ in range(_SAMPLE))
    assert kinds.keys() == {"alike", "refused"}
    # Both happen often enough to mean something.
    assert min(kinds.values()) > 5


def test_nibabels_place_is_told_just_where_it_is_another(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    path, told = tmp_path / "a.nii", 0
    for _ in range(200):
        path.write_bytes(random_header(random))
        try:
            stored = read_header(path)
        except BenchError:
            continue
        ours = placed_by_nibabel(read_fields(path)[0], SHAPE)
        try:
            affine = nibabel.load(path).affine
        except ValueError:  # a quaternion that is too long
            assert ours is None
            assert "nibabel does not read it" in stored.remarks[0]
            continue
        assert ours is not None
        expected = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
        found = np.eye(4)
        found[:3, :3] = np.reshape(ours.direction, (3, 3)) * ours.spacing_mm
        found[:3, 3] = ours.origin_mm
        if np.isfinite(found).all():
            np.testing.assert_allclose(found, expected, atol=2e-3)
            assert bool(stored.remarks) == bool(differing(stored.geometry, ours))
        told += bool(stored.remarks)
    assert told > 20


def test_a_volume_without_any_placement_is_centred_by_nibabel(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.uint8), None)
    image.header["qform_code"] = image.header["sform_code"] = 0
    image.header["pixdim"][1:4] = (1, 2, 3)
    nibabel.save(image, path)
    (remark,) = read_header(path).remarks
    assert "SimpleITK: origin (0, 0, 0), direction (1, 0, 0, 0, 1, 0, 0, 0, 1)" in remark
    assert "nibabel: origin (-1, 3, -6)" in remark
