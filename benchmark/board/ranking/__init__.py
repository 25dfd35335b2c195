"""Ranks methods by the counts of every case, and says how sure the ranks are."""
