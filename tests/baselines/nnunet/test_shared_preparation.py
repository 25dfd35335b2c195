"""A preparation that takes over the cases of another method, against one of its own."""

import errno
import json
import os
import shutil
from dataclasses import replace

import pytest

from mswal_bench.baselines.method import Budget, Job, MethodError
from mswal_bench.baselines.nnunet.settings import Plan
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.splits import five_folds

from .quick_nnunet import quick_nnunet

pytest.importorskip("nnunetv2")
pytest.importorskip("monai")

pytestmark = pytest.mark.slow

SHARING = [name for name, method in METHODS.items() if method.preparation(Budget.SMOKE)]
OTHER_PATCH = "swin-unetr"
"""The one whose patch is not that of the others, which nnU-Net cuts stored voxels for."""


def prepare(method, raw, work, prepared=None):
    cases = [path.name.removesuffix(".nii.gz") for path in (raw / "labelsTr").iterdir()]
    job = Job(raw, work, five_folds(cases), Budget.SMOKE, "cpu", 0, prepared=prepared)
    steps = []
    with quick_nnunet():
        method.prepare(job, lambda done, total, note: steps.append((done, total)))
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    return job


def files_of(work):
    """Every prepared file, with its content."""
    folder = Workspace.of(work).preprocessed
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stored_in(work):
    """Every prepared file with what it stores, and how it cuts stored voxels.

    nnU-Net compresses them in four threads, which write pieces as they finish them: no two files are the same bytes.
    """
    import blosc2

    folder, found = Workspace.of(work).preprocessed, files_of(work)
    cut = {}
    for file in [file for file in found if file.endswith(".b2nd")]:
        array = blosc2.open(str(folder / file))
        cut[file] = array.chunks, array.blocks
        found[file] = array.shape, array.dtype, array[:].tobytes()
    assert len(cut) == 10
    return found, cut


def cases_of(work):
    """The files that are shared."""
    folder = Workspace.of(work).preprocessed
    found = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder]
    # Of five cases image, labels, properties, and labels as given.
    assert len(found) == 20
    # Not by folder: the planners name that of the cases each in its way.
    return sorted(found, key=lambda path: path.name)


@pytest.fixture(scope="session")
def own(made_once, small_phantom):
    """By method, a work folder that it prepared itself. Not to be written to."""

    def of(name):
        return made_once(f"prepared-{name}", lambda out: prepare(METHODS[name], small_phantom, out))

    return of


@pytest.fixture
def shared(own, small_phantom, tmp_path):
    """A work folder of mednext's that took over what is in a copy of nnunet-v2's, and that copy."""
    other, work = tmp_path / "other", tmp_path / "work"
    shutil.copytree(own("nnunet-v2"), other, symlinks=True)
    return prepare(METHODS["mednext"], small_phantom, work, other), other


@pytest.mark.parametrize(
    ("name", "by"), [*((name, "nnunet-v2") for name in SHARING if name != "nnunet-v2"), ("nnunet-v2", "nnunet-resenc")]
)
def test_a_shared_preparation_is_ones_own(own, small_phantom, tmp_path, name, by):
    assert METHODS[name].preparation(Budget.SMOKE) == METHODS[by].preparation(Budget.SMOKE)
    before = files_of(own(by))
    prepare(METHODS[name], small_phantom, tmp_path, own(by))
    (expected, own_cut), (found, cut) = stored_in(own(name)), stored_in(tmp_path)
    assert found == expected
    assert (cut == own_cut) == (name != OTHER_PATCH)
    for file, same in zip(cases_of(tmp_path), cases_of(own(by)), strict=True):
        assert file.samefile(same)
    assert files_of(own(by)) == before


def test_either_folder_can_go(shared, own):
    job, other = shared
    whole = files_of(job.work)
    shutil.rmtree(other)
    assert files_of(job.work) == whole
    assert stored_in(job.work) == stored_in(own("mednext"))


def test_taken_over_cases_can_be_taken_over(shared, own, small_phantom, tmp_path):
    job, _ = shared
    prepare(METHODS["nnformer"], small_phantom, tmp_path / "third", job.work)
    assert stored_in(tmp_path / "third") == stored_in(own("nnformer"))


def test_training_and_preparing_anew_leave_the_other_folder_as_it_is(shared, own, small_phantom):
    job, other = shared
    before, taken_over = files_of(other), files_of(job.work)
    with quick_nnunet():
        METHODS["mednext"].train(job, 0, lambda done, total, note: None)
    assert METHODS["mednext"].epochs_done(job, 0) == METHODS["mednext"].epochs(Budget.SMOKE)
    assert files_of(other) == before
    assert files_of(job.work) == taken_over
    prepare(METHODS["mednext"], small_phantom, job.work)
    assert files_of(other) == before
    assert not any(file.samefile(same) for file, same in zip(cases_of(job.work), cases_of(other), strict=True))


@pytest.mark.parametrize("links", [3, 17])
def test_a_killed_one_begins_anew(own, small_phantom, tmp_path, monkeypatch, links):
    other, work, link, made = own("nnunet-v2"), tmp_path / "work", os.link, []

    def killed(source, target):
        if len(made) == links:
            raise KeyboardInterrupt
        made.append(link(source, target))

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare(METHODS["mednext"], small_phantom, work, other)
    # Not fit to be taken over by a third.
    with pytest.raises(MethodError, match=r"prepare there to the end first|not prepared to the end"):
        prepare(METHODS["nnformer"], small_phantom, tmp_path / "third", work)
    before = files_of(other)
    prepare(METHODS["mednext"], small_phantom, work, other)
    assert stored_in(work) == stored_in(own("mednext"))
    assert files_of(other) == before


def test_copies_where_there_are_no_links(own, small_phantom, tmp_path, monkeypatch):
    def refused(source, target):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refused)
    prepare(METHODS["mednext"], small_phantom, tmp_path, own("nnunet-v2"))
    assert stored_in(tmp_path) == stored_in(own("mednext"))
    assert all(file.stat().st_nlink == 1 for file in cases_of(tmp_path))


def no_prepared(other, raw):
    shutil.rmtree(Workspace.of(other).preprocessed)


def no_labels(other, raw):
    """As a preparation leaves it that was killed at its last step."""
    shutil.rmtree(Workspace.of(other).preprocessed / "gt_segmentations")


def no_case(other, raw):
    next(Workspace.of(other).preprocessed.rglob("PHANTOM_*_seg.b2nd")).unlink()


def half_a_label_map(other, raw):
    label = next((Workspace.of(other).preprocessed / "gt_segmentations").iterdir())
    label.write_bytes(label.read_bytes()[:100])


def other_description(other, raw):
    description = json.loads((raw / "dataset.json").read_text())
    (raw / "dataset.json").write_text(json.dumps(description | {"description": "others"}))


def other_label(other, raw):
    first, second, *_ = sorted((raw / "labelsTr").iterdir())
    shutil.copyfile(second, first)


def other_image(other, raw):
    first, second, *_ = sorted((raw / "imagesTr").iterdir())
    shutil.copyfile(second, first)


def fewer_cases(other, raw):
    for folder in ("imagesTr", "labelsTr"):
        first, *_ = sorted((raw / folder).iterdir())
        first.with_name(first.name.replace("0001", "0901")).write_bytes(first.read_bytes())
        first.unlink()


def image_gone(other, raw):
    image = next((Workspace.of(other).raw / "imagesTr").iterdir())
    image.unlink()
    image.symlink_to(raw / "gone.nii.gz")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, None),
        (no_prepared, "holds no prepared cases of nnU-Net v2: prepare there to the end first"),
        (no_labels, "holds no prepared cases of nnU-Net v2: prepare there to the end first"),
        (no_case, r"lacks PHANTOM_\d+_seg.b2nd: it is of another data set, or not prepared to the end"),
        (half_a_label_map, r"prepared from another data set, .* PHANTOM_\d+.nii.gz are not the same"),
        (other_description, "prepared from another data set: its dataset.json is not the same"),
        (other_label, r"prepared from another data set, .* PHANTOM_\d+.nii.gz are not the same"),
        (other_image, r"prepared from another data set, .* PHANTOM_\d+_0000.nii.gz are not the same"),
        (fewer_cases, "prepared from another data set: this one has no PHANTOM_0001"),
        (image_gone, r"its files are gone or changed: PHANTOM_\d+_0000.nii.gz"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_before_anything_is_done(own, small_phantom, tmp_path, change, said):
    other, raw, work = tmp_path / "other", tmp_path / "raw", tmp_path / "work"
    shutil.copytree(own("nnunet-v2"), other, symlinks=True)
    # At another place: the images are compared by what they hold.
    shutil.copytree(small_phantom, raw)
    shutil.copytree(own("mednext"), work, symlinks=True)
    if change is None:
        prepare(METHODS["mednext"], raw, work, other)
        return
    change(other, raw)
    before = files_of(work), files_of(other)
    with pytest.raises(MethodError, match=said) as refusal:
        prepare(METHODS["mednext"], raw, work, other)
    assert str(other) in str(refusal.value)
    assert (files_of(work), files_of(other)) == before


def test_ones_own_folder_is_refused_and_kept(own, small_phantom, tmp_path):
    work = tmp_path / "work"
    shutil.copytree(own("mednext"), work, symlinks=True)
    with pytest.raises(MethodError, match="is the work folder that is to be prepared"):
        prepare(METHODS["mednext"], small_phantom, work, work)
    assert files_of(work) == files_of(own("mednext"))


def test_another_preparation_is_refused(own, small_phantom, tmp_path):
    recipe = METHODS["mednext"].recipes[Budget.SMOKE]
    wide = replace(recipe, plan=Plan(patch=(32, 32, 32), batch_size=2, spacing=(6.0, 5.0, 5.0)))
    method = replace(METHODS["mednext"], recipes={Budget.SMOKE: wide})
    assert method.preparation(Budget.SMOKE) != METHODS["mednext"].preparation(Budget.SMOKE)
    with pytest.raises(MethodError, match=r"prepared otherwise than this method does: the plans differ in spacing\."):
        prepare(method, small_phantom, tmp_path, own("nnunet-v2"))
    # A third finds nothing there to take over.
    with pytest.raises(MethodError, match="holds no prepared cases"):
        prepare(METHODS["nnformer"], small_phantom, tmp_path / "third", tmp_path)
