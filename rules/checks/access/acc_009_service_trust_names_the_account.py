"""ACC-009  service_trust_names_the_account

Why       Glue is one service for every customer. Without the account in the trust policy, another customer's job could
          make Glue use our role on our data. Lambda and S3 replication are exempt: AWS does not document that they send
          the source account, and a trust policy that requires it could lock them out.
Targets   AWS::IAM::Role
"""

from rules.lib import Problem, Problems, Stack
from rules.lib.iam import Statement, trust_statements
from rules.lib.principals import is_of_this_account, services
from rules.lib.roles import ROLE

#: It says whose work it does when it assumes a role.
#: https://docs.aws.amazon.com/glue/latest/dg/cross-service-confused-deputy-prevention.html
SAY_WHOSE = ("glue.amazonaws.com",)


def subjects(stack: Stack) -> list[str]:
    """Roles that Glue may assume."""
    return [name for name, role in stack.of(ROLE).items() if any(_lets_in(each) for each in trust_statements(role))]


def problems(stack: Stack, subject: str) -> Problems:
    """Statements that let the service assume the role on behalf of any account."""
    for statement in trust_statements(stack.resources[subject]):
        if _lets_in(statement) and not is_of_this_account(statement, "aws:SourceAccount"):
            yield Problem(
                f"{', '.join(services(statement))} may assume the role on behalf of any account.",
                "add the condition StringEquals aws:SourceAccount with this account's id.",
                statement.path,
            )


def _lets_in(statement: Statement) -> bool:
    return statement.allows and any(each in SAY_WHOSE for each in services(statement))
