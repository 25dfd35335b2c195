"""Holds the paper's tables as data: `paper/table1.csv` to `table4.csv` have every value as printed."""
