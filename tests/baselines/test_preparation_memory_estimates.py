"""The formulas against what was measured: the largest resident memory of a process that prepared one case."""

from dataclasses import replace

import pytest

from mswal_bench.baselines.preparation_memory_estimates import (
    LIBRARIES_BYTES,
    bytes_plane_by_plane,
    bytes_to_read,
    bytes_to_read_v1,
    bytes_to_resample,
)
from mswal_bench.baselines.stored_cases import StoredCase

THICK = StoredCase("thick", (183, 512, 512), (2.5, 0.721, 0.721))
THIN = StoredCase("thin", (251, 512, 512), (1.25, 0.86, 0.86))
OF_276, OF_503, OF_1089 = (StoredCase("", (slices, 512, 512), (1.25, 0.78, 0.78)) for slices in (276, 503, 1089))
MIB = 1 << 20


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
    need = bytes_to_resample(case, finer(case.spacing_mm, times))
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
    need = bytes_plane_by_plane(case, finer(case.spacing_mm, times))
    assert measured <= need <= 1.25 * measured
    assert need < bytes_to_resample(case, finer(case.spacing_mm, times))
    assert need > LIBRARIES_BYTES


@pytest.mark.parametrize(
    ("case", "measured"),
    [
        (OF_276, 1_284_001_792),
        (OF_503, 1_910_509_568),
        (replace(OF_276, image_bytes=4), 1361 * MIB),
        (replace(OF_276, image_bytes=8), 1639 * MIB),
    ],
)
def test_kinds_of_voxels_prepared_plane_by_plane(case, measured):
    assert measured <= bytes_plane_by_plane(case, (1.0, 1.0, 1.0)) <= 1.25 * measured


def test_labels_that_are_no_whole_numbers_are_resampled_by_nnunet():
    measured = 3842 * MIB
    assert measured <= bytes_to_resample(replace(OF_276, label_bytes=4), (1.0, 1.0, 1.0)) <= 1.25 * measured


@pytest.mark.parametrize(
    ("case", "measured"),
    [
        (OF_276, 717 * MIB),
        (OF_503, 990_916_608),
        (OF_1089, 1523 * MIB),
        # int32, float32, and int16 with a scale, which SimpleITK gives as float32.
        (replace(OF_276, image_bytes=4), 993 * MIB),
        (replace(OF_276, image_bytes=4), 978 * MIB),
        (replace(OF_276, image_bytes=4), 1132 * MIB),
        (replace(OF_276, image_bytes=8), 1540 * MIB),
        # Left to nnU-Net.
        (replace(OF_276, whole_labels=False, label_bytes=4), 1540 * MIB),
    ],
)
def test_a_fingerprint(case, measured):
    assert measured <= bytes_to_read(case) <= 1.25 * measured


def test_labels_may_be_larger_than_the_image():
    large = replace(OF_276, label_bytes=8)
    assert bytes_to_read(large) == bytes_to_read(replace(OF_276, image_bytes=8)) > bytes_to_read(OF_276)
    target = 2.0, 2.0, 2.0
    assert bytes_plane_by_plane(large, target) > bytes_plane_by_plane(OF_276, target)


def test_reading_with_v1():
    measured = 1_838_292_992
    assert measured <= bytes_to_read_v1(THICK) <= 1.25 * measured
