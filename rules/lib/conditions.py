"""Whether the Condition of a statement holds for a request: yes, no, or nobody can tell."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.render.attributes import Account
from rules.lib.iam import Statement, arn_fits, fits
from rules.lib.numbers import number

#: What a request brings along of the condition keys, by their names in lower case. None: it does not bring the key.
#: Nothing is known of a key that is not here.
Context = Mapping[str, str | None]

#: What is true of every call that AWS's own clients and services make: TLS 1.2 is the least that AWS takes.
SECURE: Context = {"aws:securetransport": "true", "s3:tlsversion": "1.2"}
#: What is true besides of what the account does itself.
OF_THE_ACCOUNT: Context = {**SECURE, "aws:principalaccount": Account().account_id}


def holds(statement: Statement, context: Context) -> bool | None:
    """Whether every test of a statement holds; None if that depends on what is not known of the request."""
    answers = [_holds(operator, values, key, context) for (operator, key), values in statement.tests().items()]
    return False if False in answers else None if None in answers else True


def refuses(statements: Iterable[Statement], action: str, arn: str, context: Context) -> bool:
    """Whether some statement denies this, or may deny it. Whom it is about is not looked at."""
    return any(
        each.denies and each.touches(action) and each.concerns(arn) and holds(each, context) is not False
        for each in statements
    )


def _holds(operator: str, values: list[Any], key: str, context: Context) -> bool | None:
    texts = [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
    if key not in context or any(isinstance(each, dict | list) or "${" in str(each) for each in values):
        return None
    actual = context[key]
    if operator == "null":
        return str(actual is None).lower() in [each.lower() for each in texts]
    quantifier, _, plain = operator.rpartition(":")
    positive = plain.removesuffix("ifexists").replace("not", "", 1)
    negated = positive != plain.removesuffix("ifexists")
    if actual is None:
        # An absent key is not equal to anything. Of no values, all pass and none does.
        return plain.endswith("ifexists") or quantifier == "forallvalues" or (negated and not quantifier)
    matches = _MATCHES.get(positive)
    if matches is None:
        return None
    answers = [matches(actual, each) for each in texts]
    found = True if True in answers else None if None in answers else False
    return found if not negated or found is None else not found


def _compared(actual: str, wanted: str, compare: Callable[[float, float], bool]) -> bool | None:
    one, other = number(actual), number(wanted)
    return None if one is None or other is None else compare(one, other)


#: Dates, addresses and bytes are left out: no request that a rule asks about brings one.
_MATCHES: Mapping[str, Callable[[str, str], bool | None]] = {
    "arnequals": arn_fits,
    "arnlike": arn_fits,
    "bool": lambda actual, wanted: actual.lower() == wanted.lower(),
    "numericequals": lambda actual, wanted: _compared(actual, wanted, float.__eq__),
    "numericgreaterthan": lambda actual, wanted: _compared(actual, wanted, float.__gt__),
    "numericgreaterthanequals": lambda actual, wanted: _compared(actual, wanted, float.__ge__),
    "numericlessthan": lambda actual, wanted: _compared(actual, wanted, float.__lt__),
    "numericlessthanequals": lambda actual, wanted: _compared(actual, wanted, float.__le__),
    "stringequals": lambda actual, wanted: actual == wanted,
    "stringequalsignorecase": lambda actual, wanted: actual.lower() == wanted.lower(),
    "stringlike": fits,
}
