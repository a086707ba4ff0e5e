"""The project's own Checkov policies. Checkov loads policies only from a folder that has this file."""
