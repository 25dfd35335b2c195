"""nnU-Net v2 as a library: what the methods built on it share."""
