"""The functions that make lists and texts, and texts of lists."""

import base64
import ipaddress
import itertools
import json
from typing import Any

from harness.render import parameters
from harness.render.arguments import bounded, pair, scalar, shown
from harness.render.errors import UnrenderableTemplate
from harness.render.evaluator import NO_VALUE, Evaluator
from harness.render.placeholders import has_placeholder_length, is_attribute, is_placeholder
from harness.render.reached import selected

#: us-east-1 has six; no region has more.
_ZONES = "abcdef"
#: Networks used instead of a placeholder that is no network, by IP version: enough for 256 subnets of any size.
_NETWORKS = {4: "10.0.0.0/8", 6: "2001:db8::/32"}


def join(evaluation: Evaluator, argument: Any) -> str:
    """Fn::Join."""
    separator, expression = pair("Fn::Join", argument)
    values = _list(evaluation, expression)
    if not isinstance(separator, str) or not isinstance(values, list):
        raise UnrenderableTemplate("Fn::Join takes a separator and a list")
    texts = [parameters.text(scalar("Fn::Join: an entry", each)) for each in values]
    return bounded("Fn::Join", separator.join(texts))


def split(evaluation: Evaluator, argument: Any) -> list[str]:
    """Fn::Split."""
    separator, value = pair("Fn::Split", argument)
    value = evaluation.value(value)
    if not isinstance(separator, str) or not separator or not isinstance(value, (str, int)):
        raise UnrenderableTemplate("Fn::Split takes a separator and a text")
    return parameters.text(value).split(separator)


def select(evaluation: Evaluator, argument: Any) -> Any:
    """Fn::Select. With a placeholder for the list or the index there is always an entry, at worst the last one."""
    written, expression = pair("Fn::Select", argument)
    index = evaluation.value(written)
    entries: list[tuple[Any, set[tuple[int, Any]]]] | None = None
    if isinstance(expression, list):
        entries = _entries(evaluation, expression)
    elif isinstance(values := _list(evaluation, expression), list):
        entries = [(each, set()) for each in values]
    try:
        if entries is not None and int(index) >= 0:
            value, taken = entries[int(index)]
            evaluation.taken |= {(id(argument), selected(argument, str(index), value)), *taken}
            return value
    except (IndexError, TypeError, ValueError):
        pass
    if entries is not None and _may_be_there(evaluation, written, index, expression):
        # The last of an ARN's or a URL's parts is a name like the others; a list's entries are all of one kind.
        return entries[-1][0] if entries else parameters.BY_TYPE["String"]
    raise UnrenderableTemplate(f"Fn::Select: there is no entry {index}")


def _entries(evaluation: Evaluator, written: list[Any]) -> list[tuple[Any, set[tuple[int, Any]]]]:
    """Each entry of a list, with the branches and entries of maps that it takes: nobody gets those of the others."""
    found, before = [], evaluation.taken
    try:
        for each in written:
            evaluation.taken = set()
            if (value := evaluation.value(each)) is not NO_VALUE:
                found.append((value, evaluation.taken))
    finally:
        evaluation.taken = before
    return found


def _may_be_there(evaluation: Evaluator, written: Any, index: Any, expression: Any) -> bool:
    return is_placeholder(evaluation, written) or (
        str(index).isdecimal() and has_placeholder_length(evaluation, expression)
    )


def cidr(evaluation: Evaluator, argument: Any) -> list[str]:
    """Fn::Cidr. A placeholder that cannot be divided is replaced by a network that can."""
    argument = argument if isinstance(argument, list) else []
    arguments = [evaluation.value(each) for each in argument]
    try:
        return _subnets(*map(str, arguments))
    except (TypeError, ValueError):
        pass
    bits = str(arguments[2]) if len(arguments) > 2 else ""
    # No IPv4 network has more than 24 bits to give; a subnet of an IPv6 one takes 64.
    network = _NETWORKS[6 if bits in map(str, range(25, 129)) else 4]
    usable = [
        instead if is_placeholder(evaluation, written) else str(value)
        for written, value, instead in zip(argument, arguments, (network, "6", "8"), strict=False)
    ]
    try:
        return _subnets(*usable)
    except (TypeError, ValueError) as error:
        raise UnrenderableTemplate(f"Fn::Cidr: {shown(arguments)} cannot be divided") from error


def _subnets(block: str, count: str, bits: str = "") -> list[str]:
    network = ipaddress.ip_network(block)
    host_bits = int(bits) if bits else 8 if network.version == 4 else 64
    subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
    found = [str(each) for each in itertools.islice(subnets, int(count))] if 1 <= int(count) <= 256 else []
    if not found or len(found) != int(count):
        raise ValueError(count)
    return found


def availability_zones(evaluation: Evaluator, argument: Any) -> list[str]:
    """Fn::GetAZs."""
    region = scalar("Fn::GetAZs", evaluation.value(argument)) or evaluation.account.region
    return [f"{region}{zone}" for zone in _ZONES]


def length(evaluation: Evaluator, argument: Any) -> int:
    """Fn::Length."""
    value = _list(evaluation, argument)
    if not isinstance(value, list):
        raise UnrenderableTemplate("Fn::Length takes a list")
    return len(value)


def base64_(evaluation: Evaluator, argument: Any) -> str:
    """Fn::Base64."""
    text = parameters.text(scalar("Fn::Base64", evaluation.value(argument)))
    return base64.b64encode(text.encode()).decode()


def to_json_string(evaluation: Evaluator, argument: Any) -> str:
    """Fn::ToJsonString."""
    value = evaluation.value(argument)
    if not isinstance(value, (dict, list)):
        raise UnrenderableTemplate("Fn::ToJsonString takes a list or an object")
    return json.dumps(value, separators=(",", ":"))


def _list(evaluation: Evaluator, expression: Any) -> Any:
    value = evaluation.value(expression)
    # Which attributes are lists is not known of every type (of a custom resource's, it cannot be).
    return [value] if isinstance(value, str) and is_attribute(evaluation, expression) else value
