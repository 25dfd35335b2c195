"""The formulas against what was measured: the largest resident memory of a process that prepared one case."""

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.preparation_memory_estimates import (
    V1_READS,
    V2_READS,
    bytes_plane_by_plane,
    bytes_to_read,
    bytes_to_resample,
    most_voxels,
)

THICK = (183, 512, 512), (2.5, 0.721, 0.721)
THIN = (251, 512, 512), (1.25, 0.86, 0.86)


def finer(spacing, times):
    """Voxels of such a spacing are as many times as many."""
    return [step / times ** (1 / 3) for step in spacing]


@pytest.mark.parametrize(
    ("case", "times", "measured"),
    [
        (THICK, 0.5, 3_282_927_616),
        (THICK, 0.8, 4_239_630_336),
        (THICK, 1.3, 5_876_117_504),
        (THICK, 2, 8_152_252_416),
        (THIN, 0.5, 3_575_779_328),
        (THIN, 1.3, 4_525_817_856),
        (THIN, 2, 5_741_588_480),
        (THICK, 1, 1_414_836_224),
        # nnU-Net v1.
        (THICK, 1.3, 5_142_540_288),
        (THICK, 2, 7_234_723_840),
    ],
)
def test_a_worker_needs_no_more_than_the_formula_says_and_not_much_less(case, times, measured):
    need = bytes_to_resample([case], finer(case[1], times))
    assert measured <= need <= 1.25 * measured


@pytest.mark.parametrize(
    ("case", "times", "measured"),
    [
        (THICK, 0.5, 982_413_312),
        (THICK, 0.8, 982_020_096),
        (THICK, 1, 989_655_040),
        (THICK, 1.3, 1_103_368_192),
        (THICK, 2, 1_341_857_792),
        (THIN, 0.5, 1_179_807_744),
        (THIN, 1.3, 1_646_710_784),
        (THIN, 2, 2_026_139_648),
    ],
)
def test_a_worker_that_prepares_plane_by_plane(case, times, measured):
    need = bytes_plane_by_plane([case], finer(case[1], times))
    assert measured <= need <= 1.25 * measured
    assert need < bytes_to_resample([case], finer(case[1], times))
    assert bytes_plane_by_plane([], finer(case[1], times)) < measured


@pytest.mark.parametrize(("per_voxel", "measured"), [(V2_READS, 1_030_742_016), (V1_READS, 1_838_292_992)])
def test_reading(per_voxel, measured):
    need = bytes_to_read(np.prod(THICK[0]), per_voxel)
    assert measured <= need <= 1.25 * measured


def test_the_case_that_takes_most_counts():
    target = (2.0, 1.0, 1.0)
    cases = [((10, 100, 100), (2.0, 0.9, 0.9)), ((90, 100, 100), (5.0, 0.9, 0.9)), ((95, 100, 100), (2.0, 0.9, 0.9))]
    each = [bytes_to_resample([case], target) for case in cases]
    assert bytes_to_resample(cases, target) == max(each) == each[1]
    assert bytes_to_resample([], target) < min(each)


def test_the_largest_image_by_headers_alone(tmp_path):
    for name, shape in (("a", (3, 4, 5)), ("b", (2, 3, 4))):
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.zeros(shape, np.int16)), str(tmp_path / f"{name}.mha"))
    os.truncate(tmp_path / "a.mha", (tmp_path / "a.mha").stat().st_size - 50)
    assert most_voxels(sorted(tmp_path.iterdir())) == 60
    assert most_voxels([]) == 0


def test_an_image_without_a_header_is_named(tmp_path):
    path = Path(tmp_path / "text.nii.gz")
    path.write_text("no volume")
    with pytest.raises(MethodError, match=r"text\.nii\.gz: its image cannot be read \(Unable to determine"):
        most_voxels([path])
