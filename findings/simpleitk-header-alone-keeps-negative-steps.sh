#!/usr/bin/env bash
# SimpleITK gives another geometry for a header read alone than for the image: a MetaImage with a negative step
# keeps it in ReadImageInformation, while ReadImage makes the step positive and turns the axis.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet SimpleITK==2.5.7 numpy==2.4.6
cd "$folder"
environment/bin/python - <<'PYTHON'
import SimpleITK

header = (
    'ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nOffset = 0 0 0\n'
    'ElementSpacing = 0.7 0.7 -2.5\nDimSize = 3 4 5\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n'
)
with open('a.mha', 'wb') as file:
    file.write(header.encode() + bytes(60))
reader = SimpleITK.ImageFileReader()
reader.SetFileName('a.mha')
reader.ReadImageInformation()
image = SimpleITK.ReadImage('a.mha')
print('SimpleITK 2.5.7')
print('header alone:', reader.GetSpacing(), reader.GetDirection())
print('image:       ', image.GetSpacing(), image.GetDirection())
assert reader.GetSpacing() == (0.7, 0.7, -2.5) and reader.GetDirection()[8] == 1
assert image.GetSpacing() == (0.7, 0.7, 2.5) and image.GetDirection()[8] == -1
PYTHON
