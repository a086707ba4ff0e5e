"""How the Glue job process is started, with a fake interpreter that prints its arguments and environment."""

import json
import os
import sys
from pathlib import Path

import pytest

from harness.glue.spark_process import result_in, run_glue_job

SECRET = "secret-access-key"

TELL = """\
import json, os, sys
from pathlib import Path
folder = Path(os.environ["SPARK_CONF_DIR"])
print(json.dumps({
    "argv": sys.argv[1:],
    "environment": dict(os.environ),
    "settings": (folder / "spark-defaults.conf").read_text(),
    "logging": (folder / "log4j2.properties").exists(),
}), flush=True)
"""


@pytest.fixture
def run(tmp_path):
    """Run the job with an interpreter that is this program; return exit code and lines."""

    def run_program(program, on_line=None):
        interpreter = tmp_path / "spark-python"
        interpreter.write_text(f"#!{sys.executable}\n{program}")
        interpreter.chmod(0o755)
        lines = []
        code = run_glue_job(
            spark_python=interpreter,
            jars=[Path("/jars/a.jar"), Path("/jars/b.jar")],
            script=Path("/scripts/json_to_parquet.py"),
            arguments={"job_table": "jobs", "processed_bucket": "processed"},
            endpoint_url="https://127.0.0.1:4566",
            credentials=("key", SECRET, "token"),
            truststore=Path("/tls/authority.p12"),
            truststore_password="changeit",
            ca_bundle=Path("/tls/authority.pem"),
            region="us-east-1",
            on_line=on_line or lines.append,
        )
        return code, lines

    return run_program


@pytest.fixture
def recorded(run):
    code, lines = run(TELL)
    assert code == 0
    return json.loads(lines[0])


def test_the_job_gets_its_arguments_as_glue_passes_them(recorded):
    bootstrap, *rest = recorded["argv"][1:]

    assert Path(bootstrap).name == "run_in_spark.py"
    assert rest == [
        "/scripts/json_to_parquet.py", "--job_table", "jobs", "--processed_bucket", "processed",
    ]  # fmt: skip


def test_the_job_has_the_roles_credentials_and_no_others(run, monkeypatch):
    """With the caller's credentials, or a profile's, the run would prove nothing about the job's role."""
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "SPARK_HOME", "PYTHONPATH", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "the caller's")

    recorded = json.loads(run(TELL)[1][0])

    environment = recorded["environment"]
    assert (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SESSION_TOKEN"]) == ("key", "token")
    assert environment["AWS_ENDPOINT_URL"] == "https://127.0.0.1:4566"
    assert environment["AWS_CA_BUNDLE"] == "/tls/authority.pem"
    assert "the caller's" not in environment.values()
    assert environment["HOME"] != os.environ["HOME"]


def test_no_secret_is_where_others_can_read_it(recorded):
    """Arguments are visible to every user of the machine."""
    assert not any(SECRET in argument for argument in recorded["argv"])
    assert SECRET not in recorded["settings"]


def test_spark_reaches_s3_as_on_glue(recorded):
    settings = dict(line.split(" ", 1) for line in recorded["settings"].splitlines())

    assert settings["spark.hadoop.fs.s3.impl"] == "org.apache.hadoop.fs.s3a.S3AFileSystem"
    assert settings["spark.hadoop.fs.s3a.endpoint"] == "https://127.0.0.1:4566"
    assert settings["spark.driver.extraClassPath"] == f"/jars/a.jar{os.pathsep}/jars/b.jar"
    assert "-Djavax.net.ssl.trustStore=/tls/authority.p12" in settings["spark.driver.extraJavaOptions"]
    assert recorded["logging"]


def test_nothing_stays_behind(recorded):
    assert not Path(recorded["environment"]["SPARK_CONF_DIR"]).exists()


def test_both_streams_are_handed_on_line_by_line(run):
    code, lines = run("import sys\nprint('one', flush=True)\nprint('two', file=sys.stderr, flush=True)\nsys.exit(3)\n")

    assert (code, lines) == (3, ["one", "two"])


def test_a_caller_that_gives_up_does_not_leave_the_job_running(run):
    """Whatever ends the caller, such as Ctrl-C, must not leave a JVM that goes on replacing files."""
    processes = []

    def give_up(line):
        processes.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n", give_up)

    with pytest.raises(ProcessLookupError):
        os.kill(processes[0], 0)


def test_the_result_is_distinguished_from_what_else_is_printed():
    assert result_in('{"event": "json_to_parquet", "rows": 3}') == {"event": "json_to_parquet", "rows": 3}
    assert result_in('{"event": "other"}') is None
    assert result_in("ERROR SparkContext: something") is None
