"""Judges a template: every engine on the source and on every scenario, one list of findings."""
