"""What people look at: the picture of a case and the page of several methods."""
