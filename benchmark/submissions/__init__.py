"""What a participant hands in, what the organiser expects of it, and whether the one is the other."""
