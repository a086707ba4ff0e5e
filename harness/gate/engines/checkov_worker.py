"""Checkov as a long-running process: a request per line on standard input, verdicts per line on standard output.

Run by the Python of Checkov's own environment, which has none of the project's libraries:
`checkov_worker.py <folder of policies>`. The policies import `rules.lib.iam`, which needs none of them. The first line
out has the version and the loaded policies. Then, for each line in:

    {"template": "<path>", "checks": "all" | "custom"}

    {"failed": [{"id", "name", "resource", "type", "guideline", "keys", "details"}], "passed": [{"id", "resource"}],
     "skipped": [{"id", "resource", "reason"}], "undecided": [{"id", "resource"}], "crashed": [{"id", "resource"}],
     "parse_error": false}

or `{"error": "..."}`. `skipped` are suppressions in the template, which are ignored. `undecided` are
failures of the project's policies on resources that still contain functions, as in a template that is not rendered:
the values may pass. `crashed` are Checkov's own checks that raised an exception; if a policy of ours does, the answer
is an error. `parse_error` is true for a file that is not a template.

Nothing here contacts Checkov's vendor: its platform client is never set up.
"""

import gc
import hashlib
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

_REPORT_TYPE = "cloudformation"
#: The file name that Checkov is given for the template.
_FILE = "/template.json"
#: How many resources' parsed IAM policies are kept between requests.
_POLICIES_KEPT = 1000
#: Suppression comments of the engines, in a comment or any other text of a resource.
_COMMENT = re.compile(r"(?:checkov|bridgecrew|cortex):skip= *([A-Za-z_\d-]+(?:,[A-Za-z_\d-]+)*)?(?::([^\n]*))?")
_ASKED_OF_THE_ENVIRONMENT = ("BC_API_KEY", "BC_API_URL", "CHECKOV_CHECK_FAIL_LEVEL", "PRISMA_API_URL")
_METADATA = ("bridgecrew", "checkov", "cortex")
#: Sections that a rendering does not have.
_SECTIONS = ("Conditions", "Globals", "Mappings", "Parameters", "Rules", "Transform")


def main(folder: str) -> int:
    """Load everything once, then answer until the input ends."""
    # Checkov prints and logs. Standard output is for answers only; while loading, the rest goes to stderr.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # Python looks for imports beside this file first, and finds a checkov.py there that is not Checkov.
    sys.path[:] = [each for each in sys.path if Path(each).resolve() != Path(__file__).resolve().parent]
    # The policies need rules.lib. Last on the path, so that nothing here shadows Checkov's imports.
    sys.path.append(str(Path(__file__).resolve().parents[3]))
    # Checkov reads these at import. Without an API key it calls no service.
    for name in _ASKED_OF_THE_ENVIRONMENT:
        os.environ.pop(name, None)
    os.environ["LOG_LEVEL"] = "ERROR"
    warnings.simplefilter("ignore")
    judge = Judge(folder)
    # Discard further output: nobody reads the pipe until the process ends, so it would fill up.
    logging.disable(logging.CRITICAL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Loaded objects are permanent: exclude them from garbage collection.
    gc.collect()
    gc.freeze()
    _say(answers, {"version": judge.version, "custom": sorted(judge.custom, key=_by_number)})
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = judge.judge(Path(request["template"]), request["checks"])
        # A request that cannot be answered gets an error; the process stays up for the next one.
        except Exception as error:  # noqa: BLE001
            answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:500]}
        _say(answers, answer)
    return 0


class PolicyBroke(Exception):
    """A policy of the project raised an exception; the message names the policy and the resource."""


class Judge:
    """Checkov's registries with the policies of one folder, loaded once."""

    def __init__(self, folder: str) -> None:
        # Imported here, after `main` has redirected the streams.
        from checkov.cloudformation import checks  # noqa: F401  # registers Checkov's own
        from checkov.cloudformation.checks.resource.BaseCloudsplainingIAMCheck import BaseCloudsplainingIAMCheck
        from checkov.cloudformation.checks.resource.registry import cfn_registry
        from checkov.cloudformation.runner import Runner
        from checkov.runner_filter import RunnerFilter
        from checkov.version import version

        self.version = version
        self._registry = cfn_registry
        own = {check.id for _, check in cfn_registry.all_checks()}
        # Write no bytecode to the project's folder.
        sys.dont_write_bytecode = True
        cfn_registry.load_external_checks(folder)
        self.custom = {check.id for _, check in cfn_registry.all_checks()} - own
        self._filter = RunnerFilter(framework=[_REPORT_TYPE])
        self._runner_class = Runner
        self._policies_read = BaseCloudsplainingIAMCheck.policy_document_cache
        #: Resources of the template at hand with functions that Checkov could not resolve.
        self._unresolved: set[str] = set()
        graph_checks = Runner().graph_registry
        graph_checks.load_checks()
        #: Resource types that graph checks read.
        self._graph_types = {kind for check in graph_checks.checks for kind in _types_in(check)}

    def judge(self, path: Path, checks: str) -> dict[str, Any]:
        """The answer for one template."""
        if checks not in ("all", "custom"):
            raise ValueError(f"checks: {checks!r} is neither all nor custom")
        answer: dict[str, Any] = {
            "failed": [], "passed": [], "skipped": [], "undecided": [], "crashed": [], "parse_error": False,
        }  # fmt: skip
        self._unresolved = set()
        template, lines = _read(path)
        resources = template.get("Resources") if isinstance(template, dict) else None
        if not isinstance(resources, dict):
            return answer | {"parse_error": True}
        resources = {
            str(name): body
            for name, body in resources.items()
            if isinstance(body, dict) and isinstance(body.get("Type"), str)
        }
        answer["skipped"] = [*_suppressions(resources, lines)]
        bodies = {name: _without_suppressions(body) for name, body in resources.items()}
        self._judge_custom(bodies, answer)
        if checks == "all":
            # Checkov refuses a whole file for a logical id with a dot, and so does CloudFormation.
            if any("." in name for name in bodies):
                return answer | {"parse_error": True}
            self._judge_own(template, bodies, answer)
        return answer

    def _judge_custom(self, bodies: dict[str, Any], answer: dict[str, Any]) -> None:
        for name, body in bodies.items():
            for check in self._registry.get_checks(body["Type"]):
                if check.id in self.custom:
                    result = self._run(check, name, body)
                    if "check" in result:
                        raise PolicyBroke(f"{check.id} broke on {name}")
                    if _verdict(result) == "FAILED" and _has_functions(body):
                        answer["undecided"].append({"id": check.id, "resource": name})
                    else:
                        _add(answer, check, name, body["Type"], result)

    def _judge_own(self, template: dict[str, Any], bodies: dict[str, Any], answer: dict[str, Any]) -> None:
        nodes = _nodes({name: _as_checkov_wants(body) for name, body in bodies.items()})
        if _is_rendered(template, bodies):
            # Without functions there are no references, so the graph needs only the resources that its checks read.
            # Most of the time would go into the others.
            some = {name: body for name, body in nodes.items() if body["Type"] in self._graph_types}
            if some:
                self._judge_by_graph(_nodes({"Resources": some}), answer)
        else:
            rest = {key: _without_nulls(each) for key, each in template.items() if key != "Resources"}
            nodes = self._judge_by_graph(_nodes(rest | {"Resources": nodes}), answer)
        if len(self._policies_read) > _POLICIES_KEPT:
            self._policies_read.clear()
        for name, body in nodes.items():
            file = _file_of(body)
            for check in self._registry.get_checks(body["Type"]):
                if check.id not in self.custom and self._filter.should_run_check(
                    check, report_type=_REPORT_TYPE, file_origin_paths=[_FILE]
                ):
                    self._add_own(answer, check, name, body, self._run(check, name, body, file))

    def _add_own(self, answer: dict[str, Any], check: Any, name: str, body: Any, result: Any) -> None:
        if name in self._unresolved and _verdict(result) == "FAILED":
            answer["undecided"].append({"id": str(check.id), "resource": str(name)})
        else:
            _add(answer, check, name, body["Type"], result)

    def _judge_by_graph(self, template: Any, answer: dict[str, Any]) -> dict[str, Any]:
        """Run the graph checks. The resources come back with their functions resolved as far as Checkov can."""
        from checkov.cloudformation.cfn_utils import enrich_resources_with_globals
        from checkov.cloudformation.context_parser import ContextParser
        from checkov.cloudformation.graph_builder.graph_to_definitions import convert_graph_vertices_to_definitions

        if "Globals" in template:
            template = enrich_resources_with_globals(template)
        runner = self._runner_class()
        try:
            graph = runner.graph_manager.build_graph_from_definitions({_FILE: template})
        except Exception:  # noqa: BLE001 what Checkov makes of functions, such as Fn::Select among booleans
            # The renderings decide about resources whose functions it could not resolve.
            graph = runner.graph_manager.build_graph_from_definitions({_FILE: template}, render_variables=False)
            self._unresolved = {name for name, body in template["Resources"].items() if _has_functions(body)}
        runner.graph_manager.save_graph(graph)
        definitions, _ = convert_graph_vertices_to_definitions(graph.vertices, None)
        definition: dict[str, Any] = definitions.get(_FILE, {})
        ContextParser(_FILE, definition, []).evaluate_default_refs()
        for check, results in runner.run_graph_checks_results(self._filter, _REPORT_TYPE).items():
            for result in results:
                entity = result["entity"]
                if entity.get("block_type_") == "resource":
                    name = entity["block_name_"].split(".")[-1]
                    self._add_own(answer, check, name, {"Type": entity["resource_type"]}, result)
        resources: dict[str, Any] = definition.get("Resources", {})
        return resources

    def _run(self, check: Any, name: str, body: Any, file: str = _FILE) -> Any:
        # No skip_info: a suppression never reaches a check.
        return self._registry.run_check(check, body, name, body["Type"], file, {})


def _read(path: Path) -> tuple[Any, list[tuple[int, str]] | None]:
    """A template; with its lines where a comment can stand in it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json" or text.lstrip()[:1] == "{":
        try:
            return json.loads(text), None
        except ValueError:
            pass
    from checkov.cloudformation.parser import cfn_yaml

    try:
        template = cfn_yaml.loads(text, str(path), cfn_yaml.ContentType.CFN)
    # Any parser error means that it is not a template.
    except Exception:  # noqa: BLE001
        return None, None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1)]
    return template, lines


def _suppressions(resources: dict[str, Any], lines: list[tuple[int, str]] | None) -> Iterator[dict[str, str]]:
    """What Checkov would skip, resource by resource, if suppressions were obeyed."""
    for name, body in resources.items():
        metadata = body.get("Metadata")
        for engine in _METADATA if isinstance(metadata, dict) else ():
            section = metadata.get(engine)
            skips = section.get("skip") if isinstance(section, dict) else None
            for skip in skips if isinstance(skips, list) else [] if skips is None else [skips]:
                entry = skip if isinstance(skip, dict) else {"id": skip}
                yield {"id": str(entry.get("id")), "resource": name, "reason": str(entry.get("comment") or "")}
        for text in _texts_of(body, lines):
            for match in _COMMENT.finditer(text):
                for check_id in (match[1] or "").split(","):
                    yield {"id": check_id, "resource": name, "reason": (match[2] or "").strip()}


def _texts_of(body: Any, lines: list[tuple[int, str]] | None) -> Iterator[str]:
    """The lines of a resource, for comments; in JSON, which has no comments, every text in it."""
    if lines is None or not hasattr(body, "start_mark"):
        yield from _texts(body)
        return
    # A resource's lines begin after its name; Checkov counts comments above that as the resource's, and comments
    # after its last line as the next one's.
    start = _above_comments(lines, body.start_mark.line)
    start = _above_comments(lines, max(start - 1, 0))
    end = _above_comments(lines, body.end_mark.line)
    yield from (line for _, line in lines[start:end])


def _above_comments(lines: list[tuple[int, str]], index: int) -> int:
    """The first of the blank lines and comments that end before a line."""
    while index > 0 and lines[index - 1][1].strip()[:1] in ("", "#"):
        index -= 1
    return index


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _without_suppressions(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("Metadata")
    if not isinstance(metadata, dict) or not any(engine in metadata for engine in _METADATA):
        return body
    return dict(body) | {"Metadata": {key: each for key, each in metadata.items() if key not in _METADATA}}


def _types_in(check: Any) -> Iterator[str]:
    """The resource types that a graph check, or a part of it, names."""
    named = [check.resource_types, check.connected_resources_types, check.attribute_value]
    yield from (kind for kinds in named if isinstance(kinds, list) for kind in kinds)
    for part in check.sub_checks:
        yield from _types_in(part)


def _is_rendered(template: dict[str, Any], bodies: dict[str, Any]) -> bool:
    """Whether the template has only literal values."""
    return not any(section in template for section in _SECTIONS) and not any(
        "Condition" in body or body["Type"].startswith("AWS::Serverless::") or _has_functions(body)
        for body in bodies.values()
    )


def _as_checkov_wants(body: dict[str, Any]) -> dict[str, Any]:
    """A resource as Checkov's graph accepts it. Properties that are not an object count as missing.

    Checkov would refuse the whole file for them, and for a null: then nothing would be judged.
    """
    kept: dict[str, Any] = {"Type": body["Type"], "Properties": {}}
    for key in ("Properties", "Metadata"):
        if isinstance(body.get(key), dict):
            kept[key] = _without_nulls(body[key])
    if isinstance(body.get("Condition"), str):
        kept["Condition"] = body["Condition"]
    return kept


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value if each is not None]
    return value


def _has_functions(value: Any) -> bool:
    """Whether some value is still a function of CloudFormation."""
    if isinstance(value, dict):
        keys = [str(key) for key in value if not str(key).startswith("__")]
        if len(keys) == 1 and (keys[0] == "Ref" or keys[0].startswith("Fn::")):
            return True
        return any(_has_functions(each) for each in value.values())
    return isinstance(value, list) and any(_has_functions(each) for each in value)


class _Mark:
    """A place in a file, for Checkov's nodes. There is no file, and nothing that is answered has a line."""

    line = 0
    column = 0


_MARK = _Mark()


def _file_of(body: Any) -> str:
    """A file's name that stands for what is in a resource.

    Checkov keeps the IAM policies it has read by file, type and logical id. It was made to read each file once; by one
    name for all templates, a role would be judged by the policies it had in the template before.
    """
    return f"/{hashlib.sha256(json.dumps(body, default=str).encode()).hexdigest()}.json"


def _nodes(value: Any) -> Any:
    """Data in the node classes of Checkov's parser, which some of its checks require."""
    from checkov.common.parsers.node import DictNode, ListNode, StrNode

    def node(each: Any) -> Any:
        if isinstance(each, DictNode | ListNode | StrNode):
            return each
        if isinstance(each, dict):
            return DictNode({node(key): node(member) for key, member in each.items()}, _MARK, _MARK)
        if isinstance(each, list):
            return ListNode([node(member) for member in each], _MARK, _MARK)
        return StrNode(each, _MARK, _MARK) if isinstance(each, str) else each

    return node(value)


def _verdict(result: Any) -> str:
    verdict = result.get("result")
    return str(getattr(verdict, "value", verdict))


def _add(answer: dict[str, Any], check: Any, name: str, kind: str, result: Any) -> None:
    place = {"id": str(check.id), "resource": str(name)}
    match _verdict(result):
        case "PASSED":
            answer["passed"].append(place)
        case "FAILED":
            answer["failed"].append(
                place
                | {
                    "name": str(check.name),
                    "type": str(kind),
                    "guideline": str(check.guideline or ""),
                    "keys": [str(key) for key in result.get("evaluated_keys") or [] if key],
                    "details": [str(each) for each in getattr(check, "details", None) or []],
                }
            )
        case _:
            # "Unknown" is also the result of a check that does not apply; in that case it did not raise.
            if "check" in result:
                answer["crashed"].append(place)


def _by_number(check_id: str) -> tuple[str, int]:
    prefix, _, number = check_id.rpartition("_")
    return prefix, int(number) if number.isdigit() else 0


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: checkov_worker.py <folder of policies>")
    sys.exit(main(sys.argv[1]))
