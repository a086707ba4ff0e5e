"""The AWS CLI at a quarter of its cost: each call is a fork of one process that has imported it. No tests.

A call is a process of its own, with the caller's environment, folder, input and output, as with the `aws` beside this
interpreter; it only does not have to import a hundred modules. It is not ended with its caller, which is what tests of
interrupts are for: those, the runs of the pipeline and the nightly profile use the real `aws`.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from harness.deploy.cli import AwsCli

_SERVER = """
import gc, json, os, select, socket, sys, yaml
# Of each template of 180 KB the CLI reads and writes copies: in C, a second of computing less.
yaml.SafeLoader = yaml.CSafeLoader
yaml.SafeDumper = yaml.CSafeDumper
import awscli.clidriver, awscli.customizations.s3.s3
from awscli.customizations.cloudformation import deployer
# What a first call imports: one that nobody answers, and whose complaint nobody reads.
os.environ.update(AWS_MAX_ATTEMPTS="1", AWS_ACCESS_KEY_ID="nobody", AWS_SECRET_ACCESS_KEY="nobody")
nobody = ["--region", "us-east-1", "--endpoint-url", "https://127.0.0.1:1"]
for service, operation in (("cloudformation", "list-stacks"), ("s3api", "list-buckets")):
    awscli.clidriver.create_clidriver().main([service, operation, *nobody])
data_path = os.environ["AWS_DATA_PATH"]
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(16)
# No call lives long enough to have to collect, and looking at all that was imported would copy it.
gc.freeze()
gc.disable()
print("ready", flush=True)

def serve(connection):
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    call = json.loads(connection.makefile().read())
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(call["folder"])
    os.environ.clear()
    # Where the CLI's own import has the models of its commands looked for.
    os.environ.update(call["environment"], AWS_DATA_PATH=data_path)
    # It names change sets by the second, in which two of these calls have time.
    deployer.Deployer.__init__.__defaults__ = (f"awscli-cloudformation-package-deploy-{os.getpid()}-",)
    sys.argv[:] = ["aws", *call["arguments"]]
    try:
        code = awscli.clidriver.main()
    except SystemExit as end:
        code = end.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))

while True:
    ready, _, _ = select.select([listener, sys.stdin], [], [])
    if sys.stdin in ready:
        break
    connection, _ = listener.accept()
    if os.fork() == 0:
        try:
            serve(connection)
        finally:
            os._exit(0)
    connection.close()
    # Those that have ended, so that they do not stay behind.
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
"""
_CALL = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    socket.send_fds(connection, [b"."], [0, 1, 2])
    call = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
    connection.sendall(json.dumps(call).encode())
    connection.shutdown(socket.SHUT_WR)
    code = connection.recv(1)
sys.exit(code[0] if code else "aws: the process behind it ended without an exit code")
"""


@cache
def folder_with_aws() -> Path:
    """A folder with nothing but an `aws`, for the front of a PATH. It lasts as long as this process."""
    made = Path(tempfile.mkdtemp(prefix="aws-cli-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    socket = made / "socket"
    command = made / "bin" / "aws"
    command.parent.mkdir()
    if os.environ.get("HYPOTHESIS_PROFILE") == "nightly":
        command.symlink_to(Path(sys.executable).with_name("aws"))
    else:
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        atexit.register(server.wait)
        atexit.register(server.stdin.close)
        command.write_text(f"#!/bin/sh\nexec {sys.executable} -I -S -c '{_CALL}' {socket} \"$@\"\n")
        command.chmod(0o755)
    return command.parent


def aws_cli(environment: Mapping[str, str]) -> AwsCli:
    """The AWS CLI with one environment, as the harness runs it."""
    aws = AwsCli(environment)
    aws._command = str(folder_with_aws() / "aws")
    return aws
