"""Lists the kinds of finding in a submission: their codes, how bad they are, what they mean and how to mend them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mswal_bench.benchmark.core.findings import Finding, Kind

_SAVE_AGAIN = "Save it again, and copy it again."
_AS_THE_IMAGE = "Save it on the grid of its image, which the manifest repeats."
_EDIT = "Edit submission.yaml."

_FORM = (
    Kind("form-missing", "error", "there is no submission.yaml", "`mswal-bench submission init` writes one."),
    Kind("form-too-large", "error", "submission.yaml is too large", "It is a page of text: what else is in it?"),
    Kind("form-unreadable", "error", "submission.yaml is not plain YAML", _EDIT),
    Kind("form-placeholder", "error", "a placeholder of the template was left in", "Replace it."),
    Kind("form-field-missing", "error", "submission.yaml leaves out a field that is needed", "Add it."),
    Kind("form-field-unknown", "error", "submission.yaml has a field that does not exist", "Rename or delete it."),
    Kind("form-field-invalid", "error", "a value in submission.yaml is not one that can be there", _EDIT),
    Kind("track-differs", "error", "submission.yaml names another track than the manifest", "Which one is meant?"),
)

_PREDICTIONS = (
    Kind("no-predictions", "error", "there is no prediction", "Put them into predictions/, each as CASE.nii.gz."),
    Kind("not-in-folder", "note", "predictions lie beside submission.yaml and not in predictions/; they are taken"),
    Kind("missing-case", "error", "a case of the manifest has no prediction", "Add predictions/CASE.nii.gz."),
    Kind("missing-allowed", "note", "a case of the manifest has no prediction and counts as predicted empty"),
    Kind("unknown-case", "error", "the manifest has no such case", "Rename it to its case, or delete it."),
    Kind("two-files", "error", "a case has several predictions", "Keep one of them."),
    Kind("wrong-suffix", "error", "the file of the case has no format that is read", "Save it as CASE.nii.gz."),
    Kind("unreadable", "error", "the file cannot be read", _SAVE_AGAIN),
    Kind("not-3d", "error", "the file is not one 3D volume", "Save the one label map of the case."),
    Kind("bad-geometry", "error", "the header gives no valid place and spacing", _AS_THE_IMAGE),
    Kind("bad-scaling", "error", "readers take other values from the header's slope and intercept", _SAVE_AGAIN),
    Kind("too-many-voxels", "error", "the header claims an absurd number of voxels", _SAVE_AGAIN),
    Kind("shape-differs", "error", "the prediction has another shape than its case", _AS_THE_IMAGE),
    Kind("spacing-differs", "error", "the prediction has another spacing than its case", _AS_THE_IMAGE),
    Kind("origin-differs", "error", "the prediction lies elsewhere than its case", _AS_THE_IMAGE),
    Kind("direction-differs", "error", "the prediction lies turned or mirrored against its case", _AS_THE_IMAGE),
    Kind("axes-differ", "note", "the axes are stored in another order or direction; scoring takes that into account"),
    Kind("readers-differ", "note", "SimpleITK and nibabel place it differently; SimpleITK's place counts"),
    Kind("scaled-labels", "note", "labels were saved scaled; they are rounded when it is scored"),
    Kind("truncated", "error", "the file is cut off", _SAVE_AGAIN),
    Kind("corrupt", "error", "the file is damaged", _SAVE_AGAIN),
    Kind("not-labels", "error", "voxels hold values that are no labels", "Save labels, numbered as the manifest does."),
    Kind("extra-file", "note", "the file is no part of a submission and is passed over"),
)  # fmt: skip

# What is wrong with the folder or archive before anything in it is looked at.
_PACK_AGAIN = "Pack it again."
_AS_A_FILE = "Put the file itself in its place."
_PACKAGE = (
    Kind("package-missing", "error", "there is no such file or folder"),
    Kind("package-unknown", "error", "this is neither a folder nor a .zip nor a .tar.gz", "Pack it as one of them."),
    Kind("package-unreadable", "error", "it cannot be read"),
    Kind("package-truncated", "error", "the archive is cut off", "Upload or copy it again."),
    Kind("package-damaged", "error", "the archive is damaged or contradicts itself", _PACK_AGAIN),
    Kind("package-multi-volume", "error", "the archive is one of several volumes", "Pack it as one file."),
    Kind("trailing-data", "error", "something follows the end of the archive", _PACK_AGAIN),
    Kind("too-many-entries", "error", "it holds far too many files", "Leave out what is no part of it."),
    Kind("total-too-large", "error", "it is larger than it could be", "Leave out what is no part of it."),
    Kind("file-too-large", "error", "the file is larger than it could be", "Leave it out, or save integers."),
    Kind("header-too-large", "error", "what the archive says of a file is absurdly long", _PACK_AGAIN),
    Kind("overlapping-entries", "error", "files of the archive share bytes, as in a zip bomb", _PACK_AGAIN),
    Kind("nested-archive", "error", "an archive lies within it", "Put what is in it in its place."),
    Kind("encrypted", "error", "the file is encrypted", "Pack it without a password."),
    Kind("unsupported-compression", "error", "the file is compressed in an unusual way", "Use deflate."),
    Kind("unsupported-entry", "error", "the archive holds something that is neither file nor folder", _PACK_AGAIN),
    Kind("sparse-file", "error", "the file is stored with holes (tar --sparse)", "Pack it without --sparse."),
    Kind("symbolic-link", "error", "a symbolic link", _AS_A_FILE),
    Kind("hard-link", "error", "a hard link", _AS_A_FILE),
    Kind("special-file", "error", "a device, pipe or socket", "Leave it out."),
    Kind("path-traversal", "error", "the name leads out of it", "Name it without `..`."),
    Kind("absolute-name", "error", "the name begins at the root of a disk", "Pack the folder from beside it."),
    Kind("backslash-name", "error", "the name has a backslash", "Pack it with `/` between folders."),
    Kind("control-character", "error", "the name has characters that cannot be seen", "Rename it."),
    Kind("name-not-utf8", "error", "the name is not in UTF-8", "Rename it, or pack it again with UTF-8 names."),
    Kind("name-too-long", "error", "the name is too long", "Rename it."),
    Kind("duplicate-name", "error", "several files have this name", "Keep one of them."),
    Kind("similar-names", "error", "names that some systems take for one", "Rename or remove one of them."),
    Kind("size-differs", "error", "the file is not as long as the archive says", _PACK_AGAIN),
    Kind("checksum-differs", "error", "the file is not what was packed: its checksum differs", _PACK_AGAIN),
)  # fmt: skip

KINDS = {kind.code: kind for kind in (*_PACKAGE, *_FORM, *_PREDICTIONS)}


@dataclass(frozen=True)
class SubmissionFinding(Finding):
    """One thing that is wrong with one file of a submission, or worth knowing of it.

    `file` is its name inside the submission as it came, and `found` may quote the submission: escape both to show them.
    """

    kinds: ClassVar[Mapping[str, Kind]] = KINDS

    field: str = ""
    """The place in `submission.yaml`, such as `cost.gpus` or `authors[2]`."""

    @property
    def order(self) -> tuple[str | int, ...]:
        """Sorts errors first, kind by kind as in `KINDS`, then by case, file and field."""
        return self.severity, list(KINDS).index(self.code), self.case, self.file, self.field, self.found

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "field": self.field}
