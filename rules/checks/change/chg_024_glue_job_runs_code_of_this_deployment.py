"""CHG-024  glue_job_runs_code_of_this_deployment

Why       One script was reviewed and tested. A package that is fetched when the job starts, an extra jar, or a Spark
          setting that names one runs with the job's role on all of the data, and can change every night.
Targets   AWS::Glue::Job
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, all_of

#: Arguments by which Glue or Spark loads what is not the script.
#: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
LOADS = (
    "--additional-python-modules", "--conf", "--extra-files", "--extra-jars", "--extra-py-files",
    "--python-modules-installer-option", "--user-jars-first",
)  # fmt: skip
#: What the script is written for, as Glue names it; PythonVersion is the default, 2, where it is left out.
RUNTIME = {"Name": ("glueetl",), "PythonVersion": ("3", 3)}

subjects = all_of("AWS::Glue::Job")


def problems(stack: Stack, subject: str) -> Problems:
    """A missing script, and arguments that load other code."""
    stated = stack.resources[subject].properties
    if not at(stated, "Command", "ScriptLocation"):
        yield Problem(
            "it names no script.",
            "set Command.ScriptLocation to the script's path; `aws cloudformation package` uploads it.",
            ("Properties", "Command"),
        )
    for name, wanted in RUNTIME.items():
        if at(stated, "Command", name) not in wanted:
            yield Problem(
                f"Command.{name} is {at(stated, 'Command', name)}, and the script is Spark's, tested with Python 3.",
                f"set Command.{name} to {wanted[0]}.",
                ("Properties", "Command"),
            )
    arguments = stated.get("DefaultArguments", {})
    if not isinstance(arguments, dict):
        yield Problem(
            "its DefaultArguments are not an object, so what they load cannot be judged.",
            "write DefaultArguments as names and values.",
            ("Properties", "DefaultArguments"),
        )
        return
    for name in LOADS:
        if name in arguments:
            yield Problem(
                f"{name} makes the job load {arguments[name]}, which no review of the script covers.",
                f"remove {name}; what the script needs is in Glue's own environment, or in the script.",
                ("Properties", "DefaultArguments", name),
            )
