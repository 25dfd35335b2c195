"""The paper's tables, from the data in `results/paper`."""
