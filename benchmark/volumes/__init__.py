"""Reads volumes from disk: their headers, their grids, their voxels and label maps."""
