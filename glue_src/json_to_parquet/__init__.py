"""Rebuilds Parquet partitions from validated objects, one (feed, arrival hour) at a time, replacing whole files.

`tox -e package` bundles this package, and what it imports from `lambda_src`, into the one script that Glue runs. So
imports are limited to what Glue provides. Only `staging` and `transforms` use pyspark, and import it inside functions,
so that everything else can be imported without Spark.
"""
