"""Looks a raw folder through for everything that is wrong with it, and repairs the headers that can be repaired."""
