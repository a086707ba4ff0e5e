"""Writes the pages of the rules and the generated parts of the documentation."""
