"""Stores every stream record as it arrived. It determines the feed and validates nothing else."""
