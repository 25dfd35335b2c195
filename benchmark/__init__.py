"""Holds the harness: data on disk, runs, scoring, tables and pages."""
