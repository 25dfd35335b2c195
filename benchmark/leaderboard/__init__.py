"""The public board: static pages made of records."""
