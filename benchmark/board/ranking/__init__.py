"""From the counts of every case to ranks, and to how sure they are."""
