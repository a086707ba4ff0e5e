"""Deterministic zips of the functions' code and of their layer, where the template points at them."""
