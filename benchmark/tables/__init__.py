"""Lays any table out once and draws it in every format."""
