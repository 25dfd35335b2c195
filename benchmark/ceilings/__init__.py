"""Measures what preparing labels for a network and bringing its output back costs, whatever the network."""
