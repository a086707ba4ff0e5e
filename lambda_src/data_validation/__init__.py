"""Holds raw objects to the data contract: what is valid goes on, what is not is kept with its reason."""
