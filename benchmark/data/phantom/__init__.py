"""Draws phantoms of MSWAL: procedural abdomens with the seven lesion types, so that all runs without a download.

Arrays are `(z, y, x)`. Points are `(x, y, z)` in mm in the patient's LPS frame, the one NIfTI readers such as SimpleITK
report: +x is the patient's left, +y is posterior, +z is towards the head, so the liver lies at negative x and, with
the identity direction that every phantom has, at small x indices. The frame's origin is in the retroperitoneum before
the second lumbar vertebra.

What follows the paper (arXiv 2503.13560, Section 2 and Fig. 1) is in `cohort`: numbers of patients, sexes, phases,
slices, lesions, small and large. Everything else, anatomy and attenuation included, is plausible and ours. Nothing
measured on the phantom says anything about patients.

Size groups hold on every grid; diameters do so less on coarse ones, where no lesion is thinner than 12 mm at `tiny`
and 10.2 mm at `small`. No lesion is larger than what is ordinary for its type (`cohort` has the sources), and a few of
the largest are drawn smaller than planned, for want of room.
"""
