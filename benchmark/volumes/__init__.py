"""Volumes on disk: headers, voxels, label maps, and the grids they lie on."""
