"""The paper's tables as data: `paper/table1.csv`, every value as printed."""
