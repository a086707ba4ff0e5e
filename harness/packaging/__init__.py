"""What the template points at, made of the tree alone: the zips of the functions and their layer, the job's script."""
