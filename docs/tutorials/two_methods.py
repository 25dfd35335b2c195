"""Makes label maps of two made-up methods from the reference in raw/labelsTs.

`shifted` finds everything, one voxel too far to the side. `large-only` outlines what is large perfectly, and misses
what is smaller than a ball of about 20 mm.
"""

from pathlib import Path

import cc3d
import numpy as np
import SimpleITK

for method in ("shifted", "large-only"):
    Path(method).mkdir(exist_ok=True)
for file in sorted(Path("raw/labelsTs").glob("*.nii.gz")):
    reference = SimpleITK.ReadImage(str(file))
    labels = SimpleITK.GetArrayFromImage(reference)
    shifted = np.roll(labels, 1, axis=2)
    large = cc3d.dust(labels, threshold=65, connectivity=26)  # voxels of 4 mm
    for method, array in (("shifted", shifted), ("large-only", large)):
        prediction = SimpleITK.GetImageFromArray(array)
        prediction.CopyInformation(reference)  # spacing, origin and direction
        SimpleITK.WriteImage(prediction, f"{method}/{file.name}")
