"""Repairs: exactly what is repairable, whole or not at all, with the originals kept."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.cli.data.check import check
from mswal_bench.benchmark.core.claims import PARTIAL, held
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.check import repair_headers
from mswal_bench.benchmark.data.check.check_dataset import inspect_dataset
from mswal_bench.benchmark.data.check.repair_headers import AGAIN, KEPT, LOG, Repaired, fix_dataset, repair_dataset

from .raw_folder import content, edit_header, edit_voxels, image_of, label_of

ELSEWHERE: dict[str, dict[str, Any]] = {
    "spacing": {"pixdim": lambda v: v * [1, 1, 1, 1.5, 1, 1, 1, 1], "sform_code": 0},
    "origin": {"qoffset": lambda v: v + 1, "srow": lambda v: v + np.eye(4)[3]},
    "direction": {"quatern": [1, 0, 0], "sform_code": 0},
    "units": {"xyzt_units": 3},
    "no placement": {"qform_code": 0, "sform_code": 0},
    "spacing 0": {"pixdim": 0},
    "NaN": {"srow": np.nan, "qoffset": np.nan},
    "sheared": {"qform_code": 0, "srow": [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]},
}


def _fix(raw: Path) -> Repaired:
    return repair_dataset(inspect_dataset(raw, jobs=1))


def _array(path: Path) -> Any:
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


def _assert_on_its_image(raw: Path, case: int = 1) -> None:
    image, label = (SimpleITK.ReadImage(str(path)) for path in (image_of(raw, case), label_of(raw, case)))
    for name in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(image, name)() == getattr(label, name)()


@pytest.mark.parametrize("fields", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_header_is_repaired_and_no_voxel_changed(raw: Path, fields: dict[str, Any]) -> None:
    voxels = _array(label_of(raw))
    edit_header(label_of(raw), **fields)
    before = content(raw)
    repaired = _fix(raw)
    assert [fix.file for fix in repaired.fixes] == ["labelsTr/PHANTOM_0001.nii.gz"]
    assert repaired.problems == ()
    assert repaired.inspection.findings == inspect_dataset(raw, jobs=1).findings == ()
    _assert_on_its_image(raw)
    assert (_array(label_of(raw)) == voxels).all()
    after = content(raw)
    assert after.pop(f"{KEPT}/labelsTr/PHANTOM_0001.nii.gz") == before.pop("labelsTr/PHANTOM_0001.nii.gz")
    del after[f"{KEPT}/{LOG}"], after["labelsTr/PHANTOM_0001.nii.gz"]
    assert after == before


def test_a_repaired_header_is_the_images_to_the_last_bit(raw: Path) -> None:
    """Both were written by one tool, so that the file unpacks to what it was before it was spoilt."""
    import gzip

    before = gzip.decompress(label_of(raw).read_bytes())
    edit_header(label_of(raw), **ELSEWHERE["direction"])
    assert gzip.decompress(label_of(raw).read_bytes()) != before
    _fix(raw)
    assert gzip.decompress(label_of(raw).read_bytes()) == before


def test_two_at_once_are_told_apart(raw: Path) -> None:
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    before = content(raw)
    with held(raw / ".fixing"), pytest.raises(BenchError, match="another process repairs this data set"):
        fix_dataset(raw, jobs=1)
    assert content(raw) == before
    assert [fix.case for fix in fix_dataset(raw, jobs=1).fixes] == ["PHANTOM_0001"]
    assert not (raw / ".fixing").exists()


def test_a_log_that_is_a_pipe_is_not_waited_for(raw: Path) -> None:
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    (raw / KEPT).mkdir()
    os.mkfifo(raw / KEPT / LOG)
    before = label_of(raw).read_bytes()
    (problem,) = _fix(raw).problems
    assert problem.where.endswith(LOG)
    assert label_of(raw).read_bytes() == before


def test_twice_changes_nothing_more(raw: Path) -> None:
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    _fix(raw)
    after = content(raw)
    assert _fix(raw).fixes == ()
    assert content(raw) == after


def test_only_what_is_repairable_is_repaired(raw: Path) -> None:
    edit_header(label_of(raw, 1), **ELSEWHERE["origin"])
    edit_voxels(label_of(raw, 2), lambda array: array[:-1])
    edit_header(label_of(raw, 3), **ELSEWHERE["origin"])
    label_of(raw, 3).write_bytes(label_of(raw, 3).read_bytes()[:-99])
    edit_voxels(label_of(raw, 485), lambda array: array * 0 + 8)
    edit_header(label_of(raw, 485), **ELSEWHERE["spacing 0"])
    edit_header(image_of(raw, 486), **ELSEWHERE["spacing 0"])
    before = content(raw)
    inspection = inspect_dataset(raw, jobs=1)
    repaired = repair_dataset(inspection)
    assert [fix.case for fix in repaired.fixes] == ["PHANTOM_0001", "PHANTOM_0485"]
    assert [(one.case[-3:], one.code) for one in inspection.findings] == [
        ("001", "geometry-differs"),
        ("002", "shape-differs"),
        ("003", "geometry-differs"),
        ("003", "truncated"),
        ("485", "bad-geometry"),
        ("485", "unknown-label"),
        ("486", "bad-geometry"),
    ]
    assert [(one.case[-3:], one.code) for one in repaired.inspection.findings] == [
        ("002", "shape-differs"),
        ("003", "geometry-differs"),
        ("003", "truncated"),
        ("485", "unknown-label"),
        ("486", "bad-geometry"),
    ]
    after = content(raw)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"labelsTr/PHANTOM_0001.nii.gz", "labelsTs/PHANTOM_0485.nii.gz"}


def test_what_lies_in_its_place_is_not_mirrored(raw: Path) -> None:
    """A label whose axes are stored the other way round, as tools do, with a header that says so."""
    volume = SimpleITK.ReadImage(str(label_of(raw)))
    SimpleITK.WriteImage(SimpleITK.Flip(volume, (True, True, False)), str(label_of(raw)), useCompression=True)
    before = content(raw)
    repaired = _fix(raw)
    assert [(one.code, one.found) for one in repaired.inspection.findings] == [
        ("axes-differ", "its axes -x, -y, z lie along the image's")
    ]
    assert content(raw) == before


def test_the_log_says_what_was_changed(raw: Path) -> None:
    edit_header(label_of(raw), qoffset=[1, 2, 3], srow=lambda v: np.c_[v[:, :3], [1, 2, 3]])
    (fix,) = _fix(raw).fixes
    (logged,) = json.loads((raw / KEPT / LOG).read_text())["fixes"]
    assert logged["file"] == "labelsTr/PHANTOM_0001.nii.gz"
    assert logged["image"] == "imagesTr/PHANTOM_0001_0000.nii.gz"
    assert logged["original"] == f"{KEPT}/labelsTr/PHANTOM_0001.nii.gz"
    assert set(logged["changes"]) == {"qoffset", "srow"}
    before, after = logged["changes"]["qoffset"]
    assert before == [1, 2, 3]
    x, y, z = SimpleITK.ReadImage(str(image_of(raw))).GetOrigin()
    assert after == pytest.approx([-x, -y, z])
    assert not fix.turned


def test_turned_axes_are_told(raw: Path) -> None:
    edit_header(label_of(raw), **ELSEWHERE["direction"])
    assert [fix.turned for fix in _fix(raw).fixes] == [True]


@pytest.mark.parametrize("kind", ["absolute", "relative", "hard"])
def test_what_a_link_leads_to_stays_as_it_is(raw: Path, tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source" / "label.nii.gz"
    source.parent.mkdir()
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    shutil.move(label_of(raw), source)
    if kind == "hard":
        label_of(raw).hardlink_to(source)
    else:
        label_of(raw).symlink_to(source if kind == "absolute" else os.path.relpath(source, label_of(raw).parent))
    before = source.read_bytes()
    assert _fix(raw).inspection.findings == ()
    assert source.read_bytes() == before
    assert not label_of(raw).is_symlink()
    kept = raw / KEPT / "labelsTr" / label_of(raw).name
    assert kept.read_bytes() == before
    assert kept.is_symlink() == (kind != "hard")


def test_a_linked_folder_is_not_written_into(raw: Path, tmp_path: Path) -> None:
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    shutil.move(raw / "labelsTr", tmp_path / "elsewhere")
    (raw / "labelsTr").symlink_to(tmp_path / "elsewhere")
    before = content(tmp_path)
    repaired = _fix(raw)
    assert [one.code for one in repaired.inspection.findings] == ["geometry-differs"]
    assert "is a link to another place" in str(repaired.problems[0])
    assert content(tmp_path) == before


@pytest.mark.parametrize("inside", ["", "labelsTr", AGAIN])
def test_originals_do_not_go_through_a_link_to_another_place(raw: Path, tmp_path: Path, inside: str) -> None:
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    if inside == AGAIN:
        _fix(raw)
        edit_header(label_of(raw), **ELSEWHERE["direction"])
    (tmp_path / "elsewhere").mkdir()
    (raw / KEPT / inside).parent.mkdir(exist_ok=True)
    (raw / KEPT / inside).symlink_to(tmp_path / "elsewhere")
    before = content(tmp_path)
    (problem,) = _fix(raw).problems
    assert "is a link to another place" in str(problem)
    assert problem.mend == "Move the link away."
    assert content(tmp_path) == before


def test_a_data_set_that_is_a_link_itself(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(raw)
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    assert _fix(tmp_path / "link").problems == ()
    _assert_on_its_image(raw)


def test_without_hard_links_the_original_is_copied(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    before = label_of(raw).read_bytes()
    _fix(raw)
    assert (raw / KEPT / "labelsTr" / label_of(raw).name).read_bytes() == before


def test_a_label_that_is_spoilt_again_has_both_originals_kept(raw: Path) -> None:
    originals = []
    for name in ("origin", "direction"):
        edit_header(label_of(raw), **ELSEWHERE[name])
        originals.append(label_of(raw).read_bytes())
        _fix(raw)
    (first,), (second,) = ([*(raw / KEPT / folder).iterdir()] for folder in ("labelsTr", f"{AGAIN}/labelsTr"))
    assert first.name == label_of(raw).name
    assert [first.read_bytes(), second.read_bytes()] == originals
    logged = json.loads((raw / KEPT / LOG).read_text())["fixes"]
    assert [(raw / fix["original"]).read_bytes() for fix in logged] == originals


def test_originals_are_brought_back_with_the_command_in_the_help(raw: Path) -> None:
    """Those of both parts, and as they were first where one was spoilt and repaired twice."""
    edit_header(label_of(raw, 2), **ELSEWHERE["origin"])
    edit_header(label_of(raw, 485), **ELSEWHERE["origin"])
    before = content(raw)
    _fix(raw)
    edit_header(label_of(raw, 2), **ELSEWHERE["direction"])
    _fix(raw)
    (command,) = re.findall(r"^ +(cp .*)$", str(check.help), re.MULTILINE)
    subprocess.run(command.replace("RAW", "."), shell=True, check=True, cwd=raw)
    shutil.rmtree(raw / KEPT)
    assert content(raw) == before


def test_an_unpacked_label_and_a_big_endian_one(raw: Path) -> None:
    """A header copied into one of the other byte order, and into a file that is not packed."""
    nibabel = pytest.importorskip("nibabel")
    volume = nibabel.load(label_of(raw))
    voxels = np.asarray(volume.dataobj)
    swapped = nibabel.Nifti1Image(voxels, np.diag([1, 2, 3, 1]), volume.header.as_byteswapped(">"))
    label_of(raw).unlink()
    nibabel.save(swapped, label_of(raw).with_suffix(""))
    label_of(raw).with_suffix("").rename(label_of(raw))
    (fix,) = _fix(raw).fixes
    assert fix.turned
    assert label_of(raw).read_bytes()[:4] == b"\0\0\x01\x5c"
    label_of(raw).rename(label_of(raw).with_suffix(""))
    fixed, image = nibabel.load(label_of(raw).with_suffix("")), nibabel.load(image_of(raw))
    np.testing.assert_array_equal(fixed.affine, image.affine)
    assert (np.asarray(fixed.dataobj) == voxels).all()


def test_a_metaimage_is_not_repaired(raw: Path) -> None:
    label = SimpleITK.ReadImage(str(label_of(raw)))
    label_of(raw).unlink()
    label.SetOrigin((1, 2, 3))
    SimpleITK.WriteImage(label, str(raw / "labelsTr" / "PHANTOM_0001.mha"))
    before = content(raw)
    repaired = _fix(raw)
    assert [(one.code, one.repairable) for one in repaired.inspection.findings] == [
        ("geometry-differs", False),
        ("misnamed", False),
    ]
    assert content(raw) == before


@pytest.mark.parametrize("step", ["copy_placement", "_keep", "_log", "replace"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_stopped_anywhere_it_loses_nothing_and_goes_on(
    raw: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: type[BaseException]
) -> None:
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    before = label_of(raw).read_bytes()
    with monkeypatch.context() as patched:
        _break(patched, step, error)
        if error is OSError:
            assert "could not be repaired" in str(_fix(raw).problems[0])
        else:
            with pytest.raises(KeyboardInterrupt):
                _fix(raw)
    assert label_of(raw).read_bytes() == before
    assert not list(raw.rglob(PARTIAL + "*"))
    assert len(_fix(raw).fixes) == 1
    assert [path.read_bytes() for path in (raw / KEPT / "labelsTr").iterdir()] == [before]
    assert len(json.loads((raw / KEPT / LOG).read_text())["fixes"]) == 1


def _break(patched: pytest.MonkeyPatch, step: str, error: type[BaseException]) -> None:
    def fail(*_: object) -> Path:
        raise error("stopped")

    if step != "replace":
        patched.setattr(repair_headers, step, fail)
        return
    replace: Callable[..., Path] = Path.replace

    def fail_for_labels(path: Path, target: Path) -> Path:
        return replace(path, target) if target.name == LOG else fail()

    patched.setattr(Path, "replace", fail_for_labels)


def test_a_log_that_cannot_be_read_is_not_overwritten(raw: Path) -> None:
    edit_header(label_of(raw), **ELSEWHERE["origin"])
    before = label_of(raw).read_bytes()
    (raw / KEPT).mkdir()
    (raw / KEPT / LOG).write_text("[")
    assert "the log of repairs cannot be read" in str(_fix(raw).problems[0])
    assert label_of(raw).read_bytes() == before
    assert (raw / KEPT / LOG).read_text() == "["


def test_killed_in_the_middle_it_goes_on(sound_phantom: Path, tmp_path: Path) -> None:
    """With SIGKILL, which nothing can catch, once some of 40 labels are repaired."""
    raw = tmp_path / "raw"
    for folder in ("imagesTr", "labelsTr"):
        (raw / folder).mkdir(parents=True)
    shutil.copy(sound_phantom / "dataset.json", raw)
    for number in range(1, 41):
        shutil.copy(image_of(sound_phantom), image_of(raw, number))
        shutil.copy(label_of(sound_phantom), label_of(raw, number))
        edit_header(label_of(raw, number), qoffset=[number, 0, 0], sform_code=0)
    originals = content(raw / "labelsTr")
    command = [
        sys.executable,
        "-m",
        "mswal_bench.benchmark.cli.main",
        "data",
        "check",
        str(raw),
        "--fix",
        "--jobs",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline and len(_kept(raw)) < 5:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    now, kept = content(raw / "labelsTr"), _kept(raw)
    changed = {name for name in originals if now[name] != originals[name]}
    assert 4 <= len(changed) < 40
    assert all(kept[name] == originals[name] for name in changed)
    _fix(raw)
    assert _kept(raw) == originals
    assert not any(one.code == "geometry-differs" for one in inspect_dataset(raw, jobs=1).findings)
    assert len(json.loads((raw / KEPT / LOG).read_text())["fixes"]) == 40


def _kept(raw: Path) -> dict[str, bytes | str]:
    return content(raw / KEPT / "labelsTr")
