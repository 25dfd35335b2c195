"""Reads a stranger's YAML: mappings, lists, text and numbers, and none of what YAML can do beyond that.

Tags would name types to make, and anchors let a few lines grow into gigabytes when they are read. Both, several
documents and a key that is given twice (PyYAML silently keeps the last) are refused; size, depth and number of values
are bounded before anything is built.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

MOST_BYTES = 1 << 18
_MOST_DEPTH = 10
_MOST_EVENTS = 10_000
_MOST_DIGITS = 100
# Beyond it not every whole number is a float.
_MOST_EXACT = 2.0**53
# YAML 1.1, which PyYAML reads, takes 1e3 for text; everybody means the number, and a whole one where it is whole.
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
_TEXT, _INT, _FLOAT = (f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float"))


class PlainYamlError(Exception):
    """Text that is not plain YAML. Its message says what was found and where; it may quote the text."""


def read_plain_yaml(data: bytes) -> Any:
    """Reads the one document in `data`, UTF-8, into the values of JSON and YAML's dates; None where it is empty.

    Takes time and memory in proportion to `data`, of which the caller reads no more than `MOST_BYTES`. Raises
    PlainYamlError.
    """
    try:
        # Windows' editors put a byte order mark in front.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlainYamlError(f"byte {error.start} is not UTF-8") from error
    try:
        _refuse_beyond_plain(text)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise PlainYamlError(_told(error)) from error
    except (ValueError, OverflowError) as error:
        raise PlainYamlError("an escape such as \\U99999999, which is no character") from error
    return None if node is None else _value(node, yaml.constructor.SafeConstructor())


def _refuse_beyond_plain(text: str) -> None:
    depth = documents = 0
    for number, event in enumerate(yaml.parse(text, yaml.SafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise _refused(event, f"the alias *{event.anchor}; write the value out")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise _refused(event, f"the anchor &{event.anchor}; delete it")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise _refused(event, f"the tag {tag}; delete it, or put text that begins with ! in quotes")
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise _refused(event, "a second document; delete the line ---")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MOST_DEPTH:
            raise _refused(event, f"lists or fields in each other, more than {_MOST_DEPTH} deep")
        if number > _MOST_EVENTS:
            raise _refused(event, f"more than {_MOST_EVENTS} values")


def _value(node: yaml.Node, constructor: yaml.constructor.SafeConstructor) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, constructor) for each in node.value]
    if isinstance(node, yaml.MappingNode):
        fields: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refused(key_node, "a field whose name is a list or has fields itself")
            # As it is written: `on:` is the name "on", not true.
            key = key_node.value
            if key in fields:
                raise _refused(key_node, f"the field {key!r} a second time")
            fields[key] = _value(value_node, constructor)
        return fields
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node, constructor)


def _scalar(node: yaml.ScalarNode, constructor: yaml.constructor.SafeConstructor) -> Any:
    if node.tag == _TEXT and node.style is None and _EXPONENT.fullmatch(node.value):
        number = float(node.value)
        return int(number) if number.is_integer() and abs(number) < _MOST_EXACT else number
    if node.tag in (_INT, _FLOAT) and len(node.value) > _MOST_DIGITS:
        raise _refused(node, f"a number of {len(node.value)} characters")
    try:
        return constructor.construct_object(node)
    except (ValueError, OverflowError, yaml.YAMLError) as error:
        # 2026-02-30 is written like a date, 0b like a number.
        raise _refused(node, f"{node.value[:40]!r}; put it in quotes if it is text") from error


def _refused(place: yaml.Event | yaml.Node, found: str) -> PlainYamlError:
    mark = place.start_mark
    return PlainYamlError(f"line {mark.line + 1}: {found}" if mark is not None else found)


def _told(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"the character U+{error.character:04X}, which is not text, at position {error.position}"
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "not YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {said}" if mark is not None else str(said)
