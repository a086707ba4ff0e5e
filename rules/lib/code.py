"""What the functions and the job read of their configuration. tests/unit/test_names.py holds it to their code."""

#: The functions by handler: the variables that each needs, and those that it reads if they are set.
_OF_EVERY = frozenset({"METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"})
NEEDED: dict[str, frozenset[str]] = {
    "data_validation.handler.lambda_handler": frozenset(
        {"JOB_TABLE", "LINEAGE_TABLE", "PROCESSED_BUCKET", "RAW_BUCKET", "REJECTED_QUEUE_URL"}
    ),
    "kinesis_consumer.handler.lambda_handler": frozenset({"JOB_TABLE", "LINEAGE_TABLE", "RAW_BUCKET", "STREAM_NAME"}),
}
OPTIONAL: dict[str, frozenset[str]] = {
    "data_validation.handler.lambda_handler": _OF_EVERY | {"NON_POSITIVE_PRICE_EXCHANGES", "STREAM_NAME"},
    "kinesis_consumer.handler.lambda_handler": _OF_EVERY,
}
#: The job's arguments: those that it needs, and the others with what it takes if they are not given.
NEEDED_ARGUMENTS = frozenset(
    {"--buckets_per_partition", "--database", "--job_table", "--lineage_table", "--processed_bucket"}
)
DEFAULTS: dict[str, str | int] = {
    "--lock_seconds": 1800,
    "--source_prefix": "validated/market-data/",
    "--staging_prefix": "staging/",
    "--target_prefix": "parquet/",
}
#: Where the functions put what it reads, where the readers of the Parquet look, and what lifecycle rules and the role
#: let it use. Another prefix in the job would part it from them.
PREFIXES = ("--source_prefix", "--staging_prefix", "--target_prefix")
#: The feeds, each of which has a folder and a table of its name.
FEEDS = frozenset({"market_depth", "order_book", "trade"})
#: Where the consumer puts what it reads.
RECEIVED = "market-data/"
#: Where the job puts what readers of the tables, and customers, get.
PUBLISHED = str(DEFAULTS["--target_prefix"])
#: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
_GLUES = (
    "TempDir additional-python-modules auto-scale-within-microbatch class conf continuous-log-conversionPattern "
    "continuous-log-logGroup continuous-log-logStreamPrefix custom-logGroup-prefix custom-logStream-prefix "
    "customer-driver-env-vars customer-executor-env-vars datalake-formats disable-proxy-v2 enable-auto-scaling "
    "enable-continuous-cloudwatch-log enable-continuous-log-filter enable-glue-datacatalog enable-job-insights "
    "enable-lakeformation-fine-grained-access enable-metrics enable-observability-metrics "
    "enable-rename-algorithm-v2 enable-s3-parquet-optimized-committer enable-spark-ui executor-cores extra-files "
    "extra-jars extra-py-files job-bookmark-from job-bookmark-option job-bookmark-to job-language "
    "python-modules-installer-option scriptLocation spark-event-logs-path use-postgres-driver user-jars-first "
    "write-shuffle-files-to-s3 write-shuffle-spills-to-s3"
)
OF_GLUE = frozenset(f"--{each}" for each in _GLUES.split())
