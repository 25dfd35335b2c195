"""Asks MedPy, whose functions take arrays of one case and one class."""

from __future__ import annotations

from . import situations as at


def answers() -> dict[str, str]:
    from medpy.metric.binary import dc, hd95, obj_fpr, obj_tpr

    def matches(prediction: at.Mask, reference: at.Mask) -> str:
        # With one object on each side, the shares are counts. A missed object is a false one with the sides swapped.
        return at.counted(
            obj_tpr(prediction, reference), obj_fpr(prediction, reference), obj_fpr(reference, prediction)
        )

    told = {}
    for name, (reference, prediction) in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of((prediction, reference), dc)
        told[f"hd95, {name}"] = at.told_of((prediction, reference), hd95)
    told["hd95, far part"] = at.told(lambda: hd95(at.FAR_PART[1], at.FAR_PART[0]))
    # Of two voxels one is in the reference. `obj_tpr` is the share of the prediction's objects that are found in it.
    for name, voxels in at.JOINED.items():
        told[f"lesions, {name}"] = at.told_of((voxels,), lambda v: 1 / obj_tpr(v, at.ONE_OF_TWO))
    for name, (reference, prediction) in at.MATCHES.items():
        told[f"lesions, {name}"] = at.told_of((prediction, reference), matches)
    return told
