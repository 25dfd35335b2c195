"""Tells how sure a number is: bootstrap intervals and permutation tests over cases."""
