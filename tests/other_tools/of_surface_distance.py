"""Asks google-deepmind/surface-distance, of its repository: the package of the same name on PyPI is older."""

from __future__ import annotations

from typing import Any

from . import situations as at


def answers() -> dict[str, str]:
    import surface_distance

    def hd95(pair: at.Pair) -> Any:
        masks = (mask.astype(bool) for mask in pair)
        return surface_distance.compute_robust_hausdorff(
            surface_distance.compute_surface_distances(*masks, (1.0, 1.0, 1.0)), 95
        )

    told = {}
    for name, pair in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of(
            (pair,), lambda p: surface_distance.compute_dice_coefficient(*(mask.astype(bool) for mask in p))
        )
        told[f"hd95, {name}"] = at.told_of((pair,), hd95)
    told["hd95, far part"] = at.told(lambda: hd95(at.FAR_PART))
    return told
