#!/usr/bin/env bash
# SimpleITK's list of a DICOM series leaves out a slice whose file is cut off within its header, without a word. The
# reader of the series then makes a volume of the others: one slice less, and every slice above the gap at a wrong place,
# for the spacing is the mean of what is left. Only a warning on stderr tells of uneven spacing.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet SimpleITK==2.5.7 numpy==2.4.6
cd "$folder"
environment/bin/python - <<'PYTHON'
from pathlib import Path

import numpy as np
import SimpleITK

Path('series').mkdir()
writer = SimpleITK.ImageFileWriter()
writer.KeepOriginalImageUIDOn()
for number in range(10):
    image = SimpleITK.GetImageFromArray(np.full((1, 8, 8), number, np.int16))[:, :, 0]
    for key, value in {
        '0008|0018': f'1.2.3.{number}', '0008|0060': 'CT', '0020|000d': '1.2', '0020|000e': '1.2.3',
        '0020|0013': str(number), '0020|0032': f'0\\0\\{number * 2.5}', '0020|0037': '1\\0\\0\\0\\1\\0',
    }.items():
        image.SetMetaData(key, value)
    writer.SetFileName(f'series/{number}.dcm')
    writer.Execute(image)

def read():
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames('series')
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(names)
    volume = reader.Execute()
    return volume.GetDepth(), round(volume.GetSpacing()[2], 3), SimpleITK.GetArrayFromImage(volume)[:, 0, 0].tolist()

print('SimpleITK 2.5.7, ten slices 2.5 mm apart:', whole := read())
torn = Path('series/4.dcm')
torn.write_bytes(torn.read_bytes()[:200])
print('with the fifth file cut off:', left := read())
assert whole == (10, 2.5, list(range(10)))
assert left[:2] == (9, 2.812) and 4 not in left[2]
PYTHON
