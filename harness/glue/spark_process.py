"""Runs the Glue job in a separate process: local Spark of Glue's version, with the Glue role's credentials."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness import reaper

BOOTSTRAP = Path(__file__).with_name("run_in_spark.py")

#: For a short run on two cores, the C2 compiler and the parallel collector cost more than they save. And the JVM would
#: leave its performance data in /tmp, whatever its temporary folder is.
_SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")

_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
# Unless both levels are equal, Spark sets the root logger to this one's level and logs that.
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n
"""


def run_glue_job(
    spark_python: Path,
    jars: list[Path],
    script: Path,
    arguments: Mapping[str, str],
    endpoint_url: str,
    credentials: tuple[str, str, str],
    truststore: Path,
    truststore_password: str,
    ca_bundle: Path,
    region: str,
    on_line: Callable[[str], None],
    java_options: Sequence[str] = (),
) -> int:
    """Run the job, calling `on_line` for each line of output. Returns the exit code.

    `credentials` are the Glue role's access key, secret and token, the only ones the job gets: the caller's
    environment is not passed on. `java_options` are added to those here.
    """
    temporary = reaper.unmade_folder("glue-job-")
    folder = str(temporary)
    settings = spark_settings(jars, endpoint_url, truststore, truststore_password, region, temporary, java_options)
    command = [str(spark_python), "-u", str(BOOTSTRAP), str(script)]
    command += [part for name, value in arguments.items() for part in (f"--{name}", value)]
    access_key, secret, token = credentials
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": folder,
        "TMPDIR": folder,
        "SPARK_CONF_DIR": folder,
        "SPARK_LOCAL_DIRS": folder,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LAUNCHER_OPTS": " ".join(_SHORT_LIVED),
        "PYSPARK_PYTHON": str(spark_python),
        "PYTHONDONTWRITEBYTECODE": "1",
        # boto3 reads these, and through Spark so does S3A.
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_CA_BUNDLE": str(ca_bundle),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    try:
        temporary.mkdir(mode=0o700)
        # A file rather than arguments: every process on the machine can read those.
        conf = "".join(f"{name} {value}\n" for name, value in settings.items())
        (temporary / "spark-defaults.conf").write_text(conf)
        (temporary / "log4j2.properties").write_text(_LOGGING)
        return _guarded(temporary, command, environment, on_line)
    finally:
        # Usually the reaper has deleted it already.
        shutil.rmtree(temporary, ignore_errors=True)


def _guarded(folder: Path, command: list[str], environment: Mapping[str, str], on_line: Callable[[str], None]) -> int:
    # The reaper kills the JVM and deletes the folder after an interrupt, and even if this process is killed.
    with subprocess.Popen(
        [sys.executable, "-I", "-S", reaper.__file__, str(folder), *command],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for line in process.stdout:
                on_line(line.rstrip("\n"))
        finally:
            process.stdin.close()
            process.wait()
    return process.returncode


def spark_settings(
    jars: list[Path],
    endpoint_url: str,
    truststore: Path,
    truststore_password: str,
    region: str,
    temporary: Path,
    java_options: Sequence[str],
) -> dict[str, str]:
    """Return the settings of AWS's Glue that the job depends on, and settings that keep local Spark small."""
    java = [
        f"-Djavax.net.ssl.trustStore={truststore}",
        f"-Djavax.net.ssl.trustStorePassword={truststore_password}",
        f"-Djava.io.tmpdir={temporary}",
        *_SHORT_LIVED,
        # A small initial heap would cause dozens of collections before it has grown.
        "-Xms1g",
        "-Xmn600m",
        *java_options,
    ]
    s3a = {
        "endpoint": endpoint_url,
        "endpoint.region": region,
        "path.style.access": "true",
        "connection.ssl.enabled": str(urlsplit(endpoint_url).scheme == "https").lower(),
        # Uses the keys that Spark finds in the environment.
        "aws.credentials.provider": "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider",
        "buffer.dir": str(temporary),
        # The default of Glue's newer S3A; the older default deletes a marker for every folder above every file.
        "directory.marker.retention": "keep",
    }
    return {
        "spark.master": "local[2]",
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
        "spark.driver.extraJavaOptions": " ".join(f'"{option}"' for option in java),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(temporary / "warehouse"),
        # Glue 5 reads and writes `s3://` through S3A.
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        **{f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()},
    }


def result_in(line: str) -> dict[str, Any] | None:
    """Return the job's result if this line contains it, else None."""
    if not line.startswith('{"event": "json_to_parquet"'):
        return None
    result: dict[str, Any] = json.loads(line)
    return result
