"""Holds trained methods: the runs that they come from, and the files in which they are handed on."""
