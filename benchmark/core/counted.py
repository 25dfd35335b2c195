"""Writes a number of things as people do."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 task`, `0 tasks`, `2 tasks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
