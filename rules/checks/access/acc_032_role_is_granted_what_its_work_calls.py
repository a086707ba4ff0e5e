"""ACC-032  role_is_granted_what_its_work_calls

Why       An action that nothing calls is useful only to an intruder, and no run misses it. So this rule keeps a list of
          what is called, not of what is dangerous: whatever AWS adds tomorrow is not on it.
Targets   AWS::IAM::Role, AWS::Glue::Crawler, AWS::Glue::Job, AWS::Lambda::EventSourceMapping, AWS::Lambda::Function
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack
from rules.lib.iam import role_statements
from rules.lib.mappings import MAPPING, function_of, source
from rules.lib.roles import ROLE, runners_of

#: Lambda reads for a mapping with the function's role.
#: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, .../with-sqs.html
POLLS = {
    "kinesis:describestream", "kinesis:describestreamsummary", "kinesis:getrecords", "kinesis:getsharditerator",
    "kinesis:listshards", "sqs:deletemessage", "sqs:getqueueattributes", "sqs:receivemessage",
}  # fmt: skip
_STORES = {"dynamodb:putitem", "dynamodb:updateitem", "s3:getobject", "s3:listbucket", "s3:putobject"}
_OPENS = {"kms:decrypt", "kms:generatedatakey"}
_GLUE_LOGS = {"logs:associatekmskey", "logs:createloggroup", "logs:createlogstream", "logs:putlogevents"}
#: What is called, by the type of what runs with the role: by the code of lambda_src/ and glue_src/, and by AWS for it.
CALLS = {
    "AWS::Lambda::Function": {
        *(POLLS | _STORES | _OPENS),
        "dynamodb:getitem",
        "logs:createlogstream",
        "logs:putlogevents",
        "sns:publish",
        "sqs:sendmessage",
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        "ec2:assignprivateipaddresses",
        "ec2:createnetworkinterface",
        "ec2:deletenetworkinterface",
        "ec2:describenetworkinterfaces",
        "ec2:describesubnets",
        "ec2:unassignprivateipaddresses",
    },
    # It clears what it has staged; role_deletes_only_what_is_staged says where that may be.
    "AWS::Glue::Job": {
        *(_STORES | _OPENS | _GLUE_LOGS),
        "cloudwatch:putmetricdata",
        "dynamodb:query",
        "glue:batchupdatepartition",
        "glue:createpartition",
        "glue:getpartition",
        "glue:gettable",
        "s3:deleteobject",
        # https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/assumed_roles.html
        "s3:abortmultipartupload",
        "s3:listbucketmultipartuploads",
        "s3:listmultipartuploadparts",
    },
    "AWS::Glue::Crawler": {
        *_GLUE_LOGS,
        "glue:batchcreatepartition",
        "glue:batchgetpartition",
        "glue:createpartition",
        "glue:getdatabase",
        "glue:getpartition",
        "glue:getpartitions",
        "glue:gettable",
        "glue:gettables",
        "glue:updatetable",
        "kms:decrypt",
        "s3:getbucketlocation",
        "s3:getobject",
        "s3:listbucket",
    },
}


def subjects(stack: Stack) -> list[str]:
    """Roles that functions, jobs or crawlers run with."""
    stack.of(MAPPING)
    return [name for name, role in stack.of(ROLE).items() if runners_of(stack, role)]


def problems(stack: Stack, subject: str) -> Problems:
    """Granted actions that none of them calls."""
    role = stack.resources[subject]
    callers = runners_of(stack, role)
    called = {action for caller in callers for action in CALLS[caller.type]}
    if any(at(caller.properties, "TracingConfig", "Mode") == "Active" for caller in callers):
        called |= {"xray:puttelemetryrecords", "xray:puttracesegments"}
    who = ", ".join(caller.logical_id for caller in callers)
    polled = {source(each) for each in stack.of(MAPPING).values() if function_of(stack, each) in callers}
    for statement in role_statements(role):
        for action in statement.actions if statement.allows else ():
            if "*" in action:
                continue
            if action.lower() not in called:
                yield Problem(
                    f"{who} never calls {action}, so only an intruder would use it.",
                    f"remove {action}.",
                    statement.path,
                )
            elif action.lower() in POLLS and not set(statement.resources) <= polled:
                yield Problem(
                    f"Lambda calls {action} only for an event source mapping, and no mapping of {who} has this source.",
                    f"remove {action}, or name nothing but the sources of the mappings as its Resource.",
                    statement.path,
                )
