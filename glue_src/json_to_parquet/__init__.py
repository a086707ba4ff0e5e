"""Validated objects to Parquet: each touched (feed, arrival hour) partition is rebuilt, its files replaced whole.

Glue is given one file: `tox -e package` bundles this package, and what it imports of `lambda_src`, into one script. So
nothing that is imported here may need more than Glue brings. Only `staging` and `transforms` use pyspark, and they
import it late: what Spark is to do is text (SQL and schemas), which can be read where there is no Spark.
"""
