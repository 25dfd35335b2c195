#!/usr/bin/env bash
# MedPy's hd95 takes the 95th percentile over the distances of both directions together, surface-distance the larger of
# the two directions' percentiles. A missed lesion of few voxels is then 0 mm for one and tens of mm for the other, under
# one name: tables of HD95 by different tools do not compare.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet MedPy==0.5.2 Surface-Distance-Based-Measures==0.1 numpy==2.4.6 scipy==1.17.1
cd "$folder"
environment/bin/python - <<'PYTHON'
import numpy as np
from medpy.metric.binary import hd95
from surface_distance import compute_robust_hausdorff, compute_surface_distances

prediction = np.zeros((12, 12, 60), bool)
prediction[2:10, 2:10, 2:10] = True
reference = prediction.copy()
reference[5:8, 5:8, 49:52] = True  # 27 voxels, 41 mm away, that are not predicted
pooled = hd95(prediction, reference)
larger = compute_robust_hausdorff(compute_surface_distances(reference, prediction, (1, 1, 1)), 95)
print('MedPy 0.5.2:', pooled, 'mm  Surface-Distance-Based-Measures 0.1:', larger, 'mm')
assert (pooled, larger) == (0, 41)
PYTHON
