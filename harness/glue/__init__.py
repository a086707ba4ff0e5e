"""Spark, as a process: the jars it needs, what runs in it, and how it is called."""
