"""The paper's tables as data: `paper/table1.csv` to `table4.csv`, every value as printed."""
