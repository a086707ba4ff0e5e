"""Which values make an expression come to a text: what conditions compare with, and the keys of maps.

Nothing here has to be complete: whatever no scenario reaches is reported. It only has to find what can be found.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.render import parameters, pseudo, unknown
from harness.render.dependencies import references
from harness.render.dumping import as_key
from harness.render.errors import UnrenderableTemplate
from harness.render.reached import Selection
from harness.render.sub_variables import VARIABLE

Values = dict[str, str]
_COMPARISONS = ("Fn::Equals", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn")
#: So many solutions of a joined text, and so many texts of the side it is compared with, are looked at.
_MOST = 40
#: Expressions that are looked at for one comparison, or one entry of a map, at most.
_PATIENCE = 20_000


class Solver:
    """Answers for one template; `defaults` are the values of all its parameters."""

    def __init__(self, template: Mapping[str, Any], defaults: Mapping[str, str]) -> None:
        self._template = template
        self._declared: Mapping[str, Any] = template.get("Parameters", {})
        self._defaults = defaults
        stated = template.get("Mappings", {})
        self.maps = (
            {name: each for name, each in stated.items() if isinstance(each, dict)} if isinstance(stated, dict) else {}
        )
        self._left = 0

    def usual(self, name: Any) -> str:
        """The value of a parameter, or a pseudo parameter, where nothing asks for another; empty if there is none."""
        return self._defaults.get(name, "") if isinstance(name, str) else ""

    def compared(self, *parts: Any) -> list[Values]:
        """Values that make a comparison hold, wherever one stands in these parts."""
        found: list[Values] = []
        for each in _objects(parts):
            for function in _COMPARISONS:
                argument = each.get(function)
                if isinstance(argument, list) and len(argument) == 2:
                    for one, other in (argument, argument[::-1]):
                        for text in self._texts(other):
                            self._left = _PATIENCE
                            found += itertools.islice(self._solutions(one, text), _MOST)
        return _distinct(found)

    def keys(self, *parts: Any) -> dict[str, list[str]]:
        """The values of each parameter that select an entry of a map, or of a list that is written out, in these parts.

        Of values that select equal entries in all look-ups, one stands for the others: the default, if it can.
        """
        selected: dict[str, dict[str, set[Any]]] = {}
        for function, argument in selections(parts):
            for pairs, entry in self.choices(function, argument):
                for values in itertools.islice(self.meeting(pairs), _MOST):
                    for name, value in values.items():
                        others = tuple("" if key == value else key for _, key in pairs)
                        selected.setdefault(name, {}).setdefault(value, set()).add(
                            (id(argument), others, as_key(entry))
                        )
        found: dict[str, list[str]] = {}
        for name, by_value in selected.items():
            alike = {frozenset(by_value[value]): value for value in reversed(by_value)}
            if (usual := self.usual(name)) in by_value:
                alike[frozenset(by_value[usual])] = usual
            found[name] = [value for value in by_value if value in alike.values()]
        return found

    def choices(self, function: str, argument: Any) -> Iterator[tuple[Selection, Any]]:
        """What a selection may find: the value, and what each expression has to come to, a list's index first."""
        if function == "Fn::FindInMap":
            for keys, value in self.entries(argument):
                yield list(zip(argument[:3], keys, strict=True)), value
        elif isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], dict):
            for pairs, values in itertools.islice(self._lists(argument[1]), _MOST):
                for index, value in enumerate(values):
                    yield [(argument[0], str(index)), *pairs], value

    def _lists(self, expression: Any) -> Iterator[tuple[Selection, list[Any]]]:
        """The lists that an expression may give, as far as the template writes them out, and what it takes."""
        if isinstance(expression, list):
            yield [], expression
        elif isinstance(expression, dict) and len(expression) == 1:
            function, argument = next(iter(expression.items()))
            if function == "Fn::FindInMap":
                for pairs, value in self.choices(function, argument):
                    if isinstance(value, list):
                        yield pairs, value
            elif function == "Fn::Split" and isinstance(argument, list) and len(argument) == 2:
                for text in self._texts(argument[1]):
                    yield [(argument[1], text)], text.split(str(argument[0]) or None)
            elif function == "Ref":
                for text in self._texts(expression):
                    yield [(expression, text)], text.split(",")
            elif function == "Fn::If" and isinstance(argument, list):
                for branch in argument[1:]:
                    yield from self._lists(branch)

    def entries(self, argument: Any) -> Iterator[tuple[tuple[str, str, str], Any]]:
        """The keys and the value of each entry that a look-up may find, by the keys that it writes out."""
        if not isinstance(argument, list) or len(argument) < 3:
            return
        for name in self._named(argument[0]):
            for first, row in self.maps.get(name, {}).items():
                if _may_be(argument[1], first) and isinstance(row, dict):
                    yield from (
                        ((name, first, second), value) for second, value in row.items() if _may_be(argument[2], second)
                    )

    def meeting(self, wanted: Selection) -> Iterator[Values]:
        """Values with which each expression comes to its text."""
        self._left = _PATIENCE
        return self._all(wanted)

    def _all(self, wanted: Selection) -> Iterator[Values]:
        if not wanted:
            yield {}
            return
        (expression, text), *rest = wanted
        for one in self._solutions(expression, text):
            for other in self._all(rest):
                if all(other.get(name, value) == value for name, value in one.items()):
                    yield one | other

    def _named(self, expression: Any) -> list[str]:
        return [expression] if isinstance(expression, str) else list(self.maps)

    def _solutions(self, expression: Any, text: str) -> Iterator[Values]:
        """Values with which an expression comes to a text, or to a list that holds it."""
        self._left -= 1
        if self._left < 0:
            return
        if name := unknown.name_of(expression):
            yield {name: text}
        elif isinstance(expression, list):
            for each in expression:
                yield from self._solutions(each, text)
        elif not isinstance(expression, dict):
            if parameters.text(expression) == text:
                yield {}
        elif len(expression) == 1:
            function, argument = next(iter(expression.items()))
            if function == "Ref" and isinstance(argument, str):
                if self._takes(argument, text):
                    yield {argument: text}
            elif function == "Fn::Join" and isinstance(argument, list) and isinstance(argument[-1], dict):
                # The members of a list, whose text has a comma between them.
                yield from self._solutions(argument[-1], text.replace(str(argument[0]) or ",", ","))
            elif function in ("Fn::Sub", "Fn::Join"):
                yield from self._joined(_pieces(function, argument), text)
            elif function == "Fn::If" and isinstance(argument, list):
                yield from self._solutions(argument[1:], text)
            elif function == "Fn::FindInMap":
                for keys, value in self.entries(argument):
                    if text in map(parameters.text, value if isinstance(value, list) else [value]):
                        yield from self._all(list(zip(argument[:3], keys, strict=True)))
                if isinstance(argument, list) and len(argument) == 4 and isinstance(argument[3], dict):
                    yield from self._solutions(list(argument[3].values()), text)
            elif function == "Fn::Split" and isinstance(argument, list) and len(argument) == 2:
                yield from self._solutions(argument[1], text)
            elif (
                function == "Fn::GetAtt"
                and isinstance(argument, list)
                and ".".join(map(str, argument)) in self._defaults
            ):
                yield {".".join(argument): text}
            elif function == "Fn::GetAtt" and isinstance(argument, list) and argument[1:] == ["Value"]:
                # A value may refer to itself, which must end before Python's stack does.
                self._left -= _PATIENCE // 20
                body = self._template["Resources"].get(str(argument[0]), {})
                yield from self._solutions(body.get("Properties", {}).get("Value", {}), text)
            elif function == "Fn::Select" and isinstance(argument, list) and len(argument) == 2:
                yield from self._selected(argument[0], argument[1], text)
            elif function == "Fn::Length" and text.isdecimal():
                yield from self._long(argument, int(text))

    def _takes(self, name: str, text: str) -> bool:
        if name in pseudo.FORMS:
            return pseudo.FORMS[name].fullmatch(text) is not None
        try:
            return name in self._declared and parameters.allows(self._declared[name], text)
        except UnrenderableTemplate:
            return False

    def _joined(self, pieces: list[Any], text: str) -> Iterator[Values]:
        if not pieces:
            if not text:
                yield {}
            return
        head, *rest = pieces
        if isinstance(head, str):
            if text.startswith(head):
                yield from self._joined(rest, text[len(head) :])
            return
        for end in range(len(text) + 1) if rest else (len(text),):
            for one in self._solutions(head, text[:end]):
                for other in self._joined(rest, text[end:]):
                    if all(other.get(name, value) == value for name, value in one.items()):
                        yield one | other

    def _selected(self, index: Any, expression: Any, text: str) -> Iterator[Values]:
        """Values that put a text at a place of a list."""
        function, argument = next(iter(expression.items())) if isinstance(expression, dict) and expression else ("", [])
        for place in (int(each) for each in self._texts(index) if each.isdecimal() and int(each) < _MOST):
            if isinstance(expression, list):
                yield from self._solutions(expression[place : place + 1], text)
            elif function == "Ref":
                yield from self._with_entry(expression, ",", place, text)
            elif function == "Fn::Split" and isinstance(argument, list) and len(argument) == 2:
                yield from self._with_entry(argument[1], str(argument[0]), place, text)
            elif function == "Fn::FindInMap":
                for keys, value in self.entries(argument):
                    if isinstance(value, list) and parameters.text([*value, ""][min(place, len(value))]) == text:
                        yield from self._all(list(zip(argument[:3], keys, strict=True)))

    def _with_entry(self, expression: Any, separator: str, place: int, text: str) -> Iterator[Values]:
        """Values that put a text at a place between separators; no text where the place is to be empty."""
        for usual in self._texts(expression) if separator else ():
            entries = usual.split(separator)
            # A text with its own separators at the end, as `${Blocks},,`, may have just enough of them, or one more.
            for length in {place + 1, max(place + 1, len(entries))}:
                padded = (entries + entries[:1] * length)[:length]
                padded[place] = text
                for values in self._solutions(expression, separator.join(padded)):
                    # Those as usual are tried anyway, and are nothing that the text is compared with.
                    if not values.items() <= self._defaults.items():
                        yield values
        yield from self._solutions(expression, text)
        for name, *_ in references(expression) if separator else ():
            if name in self._declared:
                entries = (self.usual(name).split(separator) * (place + 1))[: place + 1]
                text_of_all = separator.join([*entries[:place], text])
                several = None if text else parameters.entries(name, self._declared[name], separator, place + 1)
                yield from ({name: each} for each in (text_of_all, several) if each and self._takes(name, each))

    def _long(self, expression: Any, length: int) -> Iterator[Values]:
        name = expression.get("Ref") if isinstance(expression, dict) else None
        if isinstance(name, str) and name in self._declared and 0 < length < _MOST:
            usual = self._defaults[name].split(",")
            text = ",".join((usual * length)[:length])
            if self._takes(name, text):
                yield {name: text}

    def _texts(self, expression: Any) -> list[str]:
        """Texts that an expression may come to, or members of the list."""
        return list(dict.fromkeys(itertools.islice(self._all_texts(expression), _MOST)))

    def _all_texts(self, expression: Any) -> Iterator[str]:
        if isinstance(expression, list):
            for each in expression:
                yield from self._all_texts(each)
        elif not isinstance(expression, dict):
            yield parameters.text(expression)
        elif len(expression) == 1:
            function, argument = next(iter(expression.items()))
            if function == "Ref" and isinstance(argument, str) and argument in self._defaults:
                yield self._defaults[argument]
                yield from parameters.written(self._declared[argument]) if argument in self._declared else ()
            elif function == "Fn::FindInMap":
                for _, value in self.entries(argument):
                    yield from map(parameters.text, value if isinstance(value, list) else [value])
            elif function == "Fn::If" and isinstance(argument, list):
                yield from self._all_texts(argument[1:])
            elif function in ("Fn::Sub", "Fn::Join"):
                texts = [
                    self._texts(each) if isinstance(each, dict) else [each] for each in _pieces(function, argument)
                ]
                yield from map("".join, itertools.product(*texts))
            elif function == "Fn::Split" and isinstance(argument, list) and len(argument) == 2:
                for text in self._texts(argument[1]):
                    yield from text.split(str(argument[0]) or None)
            elif function == "Fn::Select" and isinstance(argument, list):
                yield from self._all_texts(argument[1])


def _pieces(function: str, argument: Any) -> list[Any]:
    """What a joined text is made of: texts, and expressions."""
    if function == "Fn::Join":
        separator, entries = argument if isinstance(argument, list) and len(argument) == 2 else ("", [])
        parts = [part for each in entries if isinstance(entries, list) for part in (separator, each)][1:]
        return [each if isinstance(each, dict) else parameters.text(each) for each in parts]
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    found: list[Any] = []
    end = 0
    for match in VARIABLE.finditer(text if isinstance(text, str) else ""):
        name = match[2].strip()
        inner: Any = {"Fn::GetAtt": name.split(".", 1)} if "." in name else {"Ref": name}
        inner = f"${{{match[2]}}}" if match[1] else given.get(name, inner) if isinstance(given, dict) else inner
        found += [text[end : match.start()], inner if isinstance(inner, dict) else parameters.text(inner)]
        end = match.end()
    return [*found, text[end:]] if isinstance(text, str) else []


def _may_be(expression: Any, key: str) -> bool:
    return isinstance(expression, dict) or parameters.text(expression) == key


def selections(value: Any) -> Iterator[tuple[str, Any]]:
    """Every `FindInMap` and `Select` in a value: the function and its argument."""
    for each in _objects(value):
        yield from ((name, each[name]) for name in ("Fn::FindInMap", "Fn::Select") if name in each)


def lookups(value: Any) -> list[list[Any]]:
    """The arguments of every `FindInMap` in a value."""
    found = (each["Fn::FindInMap"] for each in _objects(value) if "Fn::FindInMap" in each)
    return [each for each in found if isinstance(each, list) and len(each) in (3, 4)]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        yield from _objects(each)


def _distinct(found: Iterable[Values]) -> list[Values]:
    return list({tuple(sorted(each.items())): each for each in found}.values())
