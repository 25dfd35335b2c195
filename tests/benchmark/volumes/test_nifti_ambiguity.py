"""Units and double placements, written into the bytes of headers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.nifti_ambiguity import places_twice, unusual_unit


def _write(path: Path) -> Path:
    volume = SimpleITK.GetImageFromArray(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    SimpleITK.WriteImage(volume, str(path))
    return path


@pytest.mark.parametrize(("unit", "name"), [(0, None), (1, "metres"), (2, None), (3, "micrometres"), (10, None)])
def test_units(tmp_path: Path, unit: int, name: str | None) -> None:
    content = bytearray(_write(tmp_path / "a.nii").read_bytes())
    content[123] = unit
    (tmp_path / "a.nii").write_bytes(content)
    assert unusual_unit(tmp_path / "a.nii") == name


@pytest.mark.parametrize(("codes", "twice"), [((1, 1), True), ((0, 1), False), ((1, 0), False), ((0, 0), False)])
def test_two_placements_count_where_both_have_a_code(tmp_path: Path, codes: tuple[int, int], twice: bool) -> None:
    content = bytearray(_write(tmp_path / "a.nii").read_bytes())
    content[252:256] = np.array(codes, "<i2").tobytes()
    assert not places_twice(_write(tmp_path / "b.nii"))
    content[268:272] = np.array(5, "<f4").tobytes()
    (tmp_path / "a.nii").write_bytes(content)
    assert places_twice(tmp_path / "a.nii") == twice


def test_a_file_that_is_not_nifti_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.nii.gz").write_text("text " * 100)
    for look in (unusual_unit, places_twice):
        with pytest.raises(BenchError, match="not a NIfTI file"):
            look(tmp_path / "text.nii.gz")
