"""Shows the public what was evaluated: the site, the ranking, and the container of grand-challenge.org."""
