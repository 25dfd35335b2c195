"""Makes a raw data set in nnU-Net's layout, with a frozen split, from whatever a user has."""
