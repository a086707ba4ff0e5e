"""The overlay: adds to MiniStack, at start, what this project's template needs. `--list` prints it as Markdown.

It patches private names of one MiniStack version, so it refuses any other version. There are three tables:
`additions` for CloudFormation, `behaviours` for differences from AWS while the stack runs, `refusals` for what AWS does
not create.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from harness.cli import Parser
from harness.emulator import calls_record, coverage
from harness.emulator.calls import AddedProperty, AddedType, Call
from harness.emulator.errors import EmulatorError
from harness.emulator.overlay import additions, behaviours, faults, refusals
from harness.markdown import table

#: The version whose private names are patched.
MINISTACK_VERSION = "1.5.33"

Handler = dict[str, Any]
Created = tuple[str, dict[str, Any]]


def require_pinned_version() -> None:
    """Raise EmulatorError unless the installed MiniStack is the version that this overlay patches."""
    try:
        installed = version("ministack")
    except PackageNotFoundError:
        installed = "none"
    if installed != MINISTACK_VERSION:
        raise EmulatorError(f"the overlay is written for MiniStack {MINISTACK_VERSION}; installed: {installed}")


def apply() -> None:
    """Patch the MiniStack of this process; call it before the server starts."""
    require_pinned_version()
    from ministack.services.cloudformation import provisioners

    handlers: dict[str, Handler] = provisioners._RESOURCE_HANDLERS
    by_type: dict[str, list[AddedProperty]] = defaultdict(list)
    for addition in additions.PROPERTIES:
        by_type[addition.type].append(addition)
    for added_type in additions.TYPES:
        handlers[added_type.type] = _new_type(added_type, provisioners._physical_name)
    new_types = {added_type.type for added_type in additions.TYPES}
    for name, handler in handlers.items():
        if "create" in handler:
            reader = coverage.OVERLAY if name in new_types else coverage.MINISTACK
            handler["create"] = coverage.observed(reader, name, handler["create"])
    for name, added in by_type.items():
        _extend(handlers[name], added)
    for refusal in refusals.REFUSALS:
        handler = handlers[refusal.type]
        handler["create"] = refusals.refusing(refusal, handler["create"], handler["delete"])
    for behaviour in behaviours.BEHAVIOURS:
        behaviour.install()
    calls_record.install()
    faults.install()


def _call(call: Call, physical_id: str, value: Any) -> None:
    from ministack.core.responses import get_account_id, get_region

    from harness.emulator.overlay import inside

    parameters = call.parameters(physical_id, value)
    inside.call(call.service, call.operation, parameters, account=get_account_id(), region=get_region())


def _extend(handler: Handler, added: list[AddedProperty]) -> None:
    """Make `handler` apply the added properties after MiniStack has created or updated the resource."""
    create: Callable[..., Created] = handler["create"]
    update: Callable[..., Created] = handler["update"]
    delete: Callable[..., None] = handler["delete"]

    def extended_create(logical_id: str, properties: dict[str, Any], stack: str) -> Created:
        created = create(logical_id, properties, stack)
        try:
            _reconcile(added, created[0], {}, properties)
        except BaseException:
            # MiniStack rolls back only what `create` returned.
            delete(created[0], properties)
            raise
        return created

    def extended_update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any) -> Created:
        updated = update(physical_id, old, new, *rest)
        replaced = updated[0] != physical_id
        _reconcile(added, updated[0], {} if replaced else old, new)
        return updated

    handler.update(create=extended_create, update=extended_update)


def _reconcile(added: Iterable[AddedProperty], physical_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    for addition in added:
        before, after = old.get(addition.property), new.get(addition.property)
        if before == after:
            continue
        if after is not None:
            with coverage.observing(coverage.OVERLAY, addition.type, {addition.property: after}) as observed:
                _call(addition.apply, physical_id, observed[addition.property])
        elif addition.withdraw is not None:
            _call(addition.withdraw, physical_id, before)


def _new_type(added: AddedType, physical_name: Callable[..., str]) -> Handler:
    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Created:
        name = properties.get(added.name) or physical_name(stack, logical_id)
        _call(added.create, name, properties)
        try:
            for call in added.then:
                _call(call, name, properties)
        except BaseException:
            # MiniStack rolls back only what `create` returned.
            delete(name, properties)
            raise
        return name, {}

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        _call(added.delete, physical_id, properties)

    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str) -> Created:
        delete(physical_id, old)
        return create(logical_id, new, stack)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def listing() -> str:
    """The overlay's additions, as Markdown tables."""
    rows = [
        (f"`{a.type}`", f"`{a.property}`", f"`{a.apply.service}:{a.apply.operation}`") for a in additions.PROPERTIES
    ]
    rows += [(f"`{a.type}`", "the type itself", f"`{a.create.service}:{a.create.operation}`") for a in additions.TYPES]
    added = table(("Resource type", "Added", "Applied by"), rows)
    refused = [(f"Creation of `{each.type}`", each.what) for each in refusals.REFUSALS]
    changed = table(("Where", "What"), [*((b.where, b.what) for b in behaviours.BEHAVIOURS), *refused])
    return f"{added}\n\n{changed}"


def main(argv: list[str]) -> int:
    """Print the tables; docs/emulated-aws.md is generated from them."""
    parser = Parser(prog="python -m harness.emulator.overlay.install", description="List the overlay's additions.")
    parser.add_argument("--list", action="store_true", required=True, help="print Markdown tables")
    parser.parse_args(argv)
    print(listing())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
