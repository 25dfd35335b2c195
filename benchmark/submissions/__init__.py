"""Checks what a participant hands in against what the organiser expects."""
