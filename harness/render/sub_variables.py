"""The variables of a `Fn::Sub`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
"""

import re
from collections.abc import Iterator

#: `${Name}` or, with a first group that is not empty, `${!Name}`, which is text.
VARIABLE = re.compile(r"\$\{(!?)([^${}]+)\}")


def names(text: str) -> Iterator[str]:
    """What a text refers to: `Name`, or `Name.Attribute`."""
    return (name.strip() for escaped, name in VARIABLE.findall(text) if not escaped)
