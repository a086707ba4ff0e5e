"""Builds the template's artifacts from the sources: the zips of the functions and their layer, and the job's script."""
