#!/usr/bin/env bash
# nibabel scales a label map that is held as floats into the integer header that it was given: label 1 is read back
# as 0.988, by SimpleITK as well. A cast to integers makes it background, 3 a 2 and 5 a 4.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet SimpleITK==2.5.7 nibabel==5.4.2 numpy==2.4.6
cd "$folder"
environment/bin/python - <<'PYTHON'
import nibabel
import numpy as np
import SimpleITK

labels = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
reference = nibabel.Nifti1Image(labels, np.eye(4))
nibabel.save(nibabel.Nifti1Image(labels.astype(float), reference.affine, reference.header), 'a.nii.gz')
by_simpleitk = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage('a.nii.gz')).T
print('SimpleITK 2.5.7 reads', np.unique(by_simpleitk), 'of nibabel 5.4.2, as integers', np.unique(by_simpleitk.astype(int)))
assert np.allclose(by_simpleitk, np.asarray(nibabel.load('a.nii.gz').dataobj))
assert round(float(by_simpleitk[0, 0, 1]), 3) == 0.988 and np.unique(by_simpleitk.astype(int)).tolist() == [0, 2, 4, 6, 7]
PYTHON
