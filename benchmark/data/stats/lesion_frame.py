"""The lesions of a data set as a frame: what is counted, listed and drawn of them begins here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES

from .dataset_statistics import DatasetStatistics

if TYPE_CHECKING:
    from pandas import DataFrame

SIZES = ("small", "large")


def lesion_frame(statistics: DatasetStatistics) -> DataFrame:
    """A row a lesion, by case, in the order and with the columns of `lesions.csv`; of no lesion, no row.

    `class` has all lesion class keys as its categories and `size` small and large, whether there is such a lesion or
    not. Lengths are in mm, volumes in mm3, centroids in the patient, LPS.
    """
    import pandas as pd

    keys = {lesion.id: lesion.key for lesion in LESION_CLASSES}
    rows = [
        (case.case, case.subset, keys[one.class_id], one.lesion_id,
         SIZES[one.diameter_mm >= statistics.protocol.large_from_mm],
         one.diameter_mm, one.volume_mm3, one.voxels, *one.centroid_mm)
        for case in statistics.cases for one in case.lesions or ()
    ]  # fmt: skip
    columns: dict[str, Any] = {
        "case": "str", "subset": "str", "class": pd.CategoricalDtype(list(keys.values())), "lesion": "int64",
        "size": pd.CategoricalDtype(list(SIZES)), "diameter_mm": "float64", "volume_mm3": "float64", "voxels": "int64",
        "centroid_x_mm": "float64", "centroid_y_mm": "float64", "centroid_z_mm": "float64",
    }  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)
