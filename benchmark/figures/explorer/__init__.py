"""Writes pages in which a reader looks at the lesions of a case, one by one, in three planes and in 3D."""
