"""Counts and measures what is in a data set, beside what the paper says of MSWAL."""
