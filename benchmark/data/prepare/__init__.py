"""From whatever a user has to a data set in nnU-Net's raw layout with a frozen split: `prepare_dataset`."""
