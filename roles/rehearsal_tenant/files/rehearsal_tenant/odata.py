# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OData query options: what a request asks for, checked against the shape of the object."""

from __future__ import annotations

import base64
import json
import operator
import re
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional
from urllib.parse import quote

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from .clock import parse_rfc3339
from .errors import GraphError, bad_request, unsupported_query
from .messages import GraphRequest
from .shapes import Property, Shape

Body = dict[str, Any]
Test = Callable[[Body], bool]

_OPTIONS = frozenset({"$select", "$filter", "$top", "$count", "$orderby", "$skiptoken", "$expand"})
# manager, or manager($select=id).
_EXPANDED = re.compile(r"(\w+)(?:\([^)]*\))?(?:,|$)")
_ORDER = {"GtE": ("ge", operator.ge), "LtE": ("le", operator.le), "Gt": ("gt", operator.gt), "Lt": ("lt", operator.lt)}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}
_QUOTED_OR_WORD = re.compile(r"'(?:[^']|'')*'|\b(?:startsWith|endsWith|contains|and|or|not)\b(\()?", re.IGNORECASE)


class Query(NamedTuple):
    """The options of one request for a collection."""

    select: tuple[str, ...]
    test: Optional[Test]
    top: int
    counted: bool
    orderby: Optional[tuple[str, bool]]
    skiptoken: Optional[dict[str, Any]]
    expand: tuple[str, ...] = ()  # names; what is selected inside of them is not looked at


def read_query(request: GraphRequest, shape: Shape, filter_modes: Optional[Mapping[str, str]] = None) -> Query:
    """
    :param filter_modes: properties whose filters are contested: ``default``, ``advanced`` or ``refuse`` (settings).
    :raises GraphError: when the service would refuse the query.
    """
    for name in request.query:
        if name == "$skip":
            raise bad_request("'$skip' is not supported by the service.")
        if name.startswith("$") and name not in _OPTIONS:
            raise unsupported_query(f"Query option '{name}' is not supported by this rehearsal tenant.")
    counted = request.query.get("$count", "").lower() == "true"
    advanced = request.advanced and counted
    orderby = _read_orderby(request, shape)
    text = request.query.get("$filter")
    if orderby and text and not advanced:
        raise unsupported_query(
            "Sorting not supported for current query: $filter with $orderby needs advanced query parameters."
        )
    test = _read_filter(text, shape, request.version, advanced, filter_modes or {}) if text is not None else None
    return Query(
        select=read_select(request, shape, collection=True),
        test=test,
        top=read_top(request, shape),
        counted=counted and request.advanced,
        orderby=orderby,
        skiptoken=_read_token(request.query["$skiptoken"]) if "$skiptoken" in request.query else None,
        expand=read_expand(request, shape),
    )


def read_select(request: GraphRequest, shape: Shape, collection: bool = False) -> tuple[str, ...]:
    """The properties to return: those asked for, else the default ones."""
    text = request.query.get("$select", "").strip()
    if not text:
        return shape.returned_by_default
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        try:
            found = shape.property(name, request.version)
        except KeyError:
            raise bad_request(
                f"Could not find a property named '{name}' on type 'microsoft.graph.{shape.type_name}'.", "BadRequest"
            ) from None
        if collection and found.by_id_only:
            raise GraphError(501, "NotImplemented", f"Property '{name}' cannot be selected in a collection.")
    return names


def read_expand(request: GraphRequest, shape: Shape) -> tuple[str, ...]:
    """The relations to return with the object."""
    text = request.query.get("$expand", "").strip()
    names = tuple(_EXPANDED.findall(text))
    for name in names:
        if name not in shape.expandable:
            raise unsupported_query(f"$expand of '{name}' is not supported by this rehearsal tenant.")
    if names and request.advanced and request.query.get("$count") == "true":
        raise unsupported_query("$expand is not supported with advanced query parameters.")
    return names


def project(body: Body, names: tuple[str, ...], shape: Shape) -> Body:
    """The object as it is returned: only what was asked for, and ``id``."""
    return projection(names, shape)(body)


def projection(names: tuple[str, ...], shape: Shape, expand: tuple[str, ...] = ()) -> Callable[[Body], Body]:
    """``project`` for many objects of one kind."""
    wanted = {name: shape.empty(name) for name in names}
    if "id" in shape.properties:
        wanted.setdefault("id", None)
    wanted.update(dict.fromkeys(expand))
    return lambda body: {name: body.get(name, empty) for name, empty in wanted.items()}


def encode_token(value: dict[str, Any]) -> str:
    """An opaque position for nextLink and deltaLink."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def link(request: GraphRequest, path: str, **tokens: str) -> str:
    """An absolute link back to this request; the header for advanced queries is not part of it."""
    options = {key: value for key, value in request.query.items() if key not in ("$skiptoken", "$deltatoken")}
    options.update({"$" + key: value for key, value in tokens.items()})
    query = "&".join(f"{key}={quote(value, safe=',')}" for key, value in options.items())
    return f"{request.root}/{request.version}/{path}?{query}"


def decode_token(text: str) -> dict[str, Any]:
    """
    :raises ValueError: when the text is no token of ours.
    """
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(value, dict):
        raise ValueError(text)
    return value


def decode_position(request: GraphRequest, name: str) -> Optional[int]:
    """The number of that name in the request's skip token, if it has one."""
    text = request.query.get("$skiptoken")
    return None if text is None else int(_read_token(text).get(name, 0))


def _read_token(text: str) -> dict[str, Any]:
    try:
        return decode_token(text)
    except ValueError:
        raise bad_request("Invalid value for skip token.", "Directory_ExpiredPageToken") from None


def read_top(request: GraphRequest, shape: Shape) -> int:
    """How many objects a page holds."""
    text = request.query.get("$top")
    if text is None:
        return shape.default_top
    if not text.isdigit() or not 1 <= int(text) <= shape.max_top:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and {shape.max_top} inclusive.")
    return int(text)


def _read_orderby(request: GraphRequest, shape: Shape) -> Optional[tuple[str, bool]]:
    text = request.query.get("$orderby")
    if not text:
        return None
    words = text.split()
    sortable = shape.properties.get(words[0])
    if len(words) > 2 or words[1:2] not in ([], ["asc"], ["desc"]) or sortable is None:
        raise bad_request(f"Invalid orderby clause '{text}'.", "BadRequest")
    if words[0] not in ("displayName", "userPrincipalName", "createdDateTime", "deletedDateTime"):
        raise unsupported_query(f"Sorting by '{words[0]}' is not supported.")
    if words[0] == "deletedDateTime" and not (request.advanced and request.query.get("$count") == "true"):
        raise unsupported_query("Sorting by 'deletedDateTime' needs advanced query parameters.")
    return words[0], words[1:2] == ["desc"]


def read_filter(request: GraphRequest, shape: Shape) -> Optional[Test]:
    """The $filter of a request, if it has one."""
    text = request.query.get("$filter")
    return None if text is None else _read_filter(text, shape, request.version, False, {})


def _read_filter(text: str, shape: Shape, version: str, advanced: bool, modes: Mapping[str, str]) -> Test:
    # The parser knows OData's own spelling of functions and operators only; Graph does not mind the case.
    normal = _QUOTED_OR_WORD.sub(_normal_word, text)
    try:
        tree = ODataParser().parse(ODataLexer().tokenize(normal))
    except ODataException:
        raise bad_request(f"Invalid filter clause: {text}", "BadRequest") from None
    return _Compiler(shape, version, advanced, modes).compile(tree)


def _normal_word(hit: re.Match[str]) -> str:
    word = hit[0].lower()
    if hit[0].startswith("'"):
        return hit[0]
    return "not (" if word == "not(" else word


class _Compiler:
    """Turns a parsed filter into a test, refusing what the service refuses."""

    def __init__(self, shape: Shape, version: str, advanced: bool, modes: Mapping[str, str]) -> None:
        self._shape = shape
        self._version = version
        self._advanced = advanced
        self._modes = modes

    def compile(self, node: Any) -> Test:
        if isinstance(node, ast.BoolOp):
            left, right = self.compile(node.left), self.compile(node.right)
            if isinstance(node.op, ast.And):
                return lambda body: left(body) and right(body)
            return lambda body: left(body) or right(body)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._need_advanced("not")
            inner = self.compile(node.operand)
            return lambda body: not inner(body)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.CollectionLambda):
            return self._any(node)
        raise unsupported_query(f"Unsupported filter expression: {type(node).__name__}.")

    def _comparison(self, node: Any) -> Test:
        name = self._name(node.left)
        sign = type(node.comparator).__name__
        if sign == "In":
            values = [_literal(item) for item in node.right.val]
            found = self._allow(name, "in")
            wanted = {_fold(found, value) for value in values}
            return lambda body: _fold(found, _value(body, name)) in wanted
        value = _literal(node.right)
        if sign in ("Eq", "NotEq"):
            found = self._allow(name, "null" if value is None else "eq")
            if sign == "NotEq":
                self._need_advanced("ne")
            wanted_value = _fold(found, value)
            negate = sign == "NotEq"
            return lambda body: (_fold(found, _value(body, name)) == wanted_value) != negate
        if sign not in _ORDER:
            raise unsupported_query(f"Unsupported comparison of property '{name}'.")
        word, compare = _ORDER[sign]
        found = self._allow(name, word)
        convert = _moment if found.type == "datetime" else (lambda item: _fold(found, item))
        limit = convert(value)

        def holds(body: Body) -> bool:
            there = _value(body, name)
            return there is not None and bool(compare(convert(there), limit))

        return holds

    def _call(self, node: Any) -> Test:
        function = str(node.func.name)
        if function not in _FUNCTIONS:
            raise unsupported_query(f"Unsupported function '{function}'.")
        name = self._name(node.args[0])
        found, test = self._allow(name, function), _FUNCTIONS[function]
        part = _fold(found, str(_literal(node.args[1])))
        return lambda body: test(_fold(found, str(_value(body, name) or "")), part)

    def _any(self, node: Any) -> Test:
        name = self._name(node.owner)
        if not isinstance(node.operator, ast.Any) or node.lambda_ is None:
            raise unsupported_query(f"Only any() with an expression is supported on '{name}'.")
        element = _Element(name, str(node.lambda_.identifier.name), self._allow)
        test = element.compile(node.lambda_.expression)
        return lambda body: any(test(item) for item in body.get(name) or ())

    def _name(self, node: Any) -> str:
        """A property, or a path into one."""
        name = f"{self._name(node.owner)}/{node.attr}" if isinstance(node, ast.Attribute) else _name(node)
        return self._shape.spellings.get(name.lower(), name)

    def _allow(self, name: str, operation: str) -> Property:
        try:
            found = self._shape.property(name, self._version)
        except KeyError:
            type_name = self._shape.type_name
            raise bad_request(
                f"Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'.", "BadRequest"
            ) from None
        mode = self._modes.get(name, "default")
        if mode == "default" and operation in found.default:
            return found
        if mode == "refuse" or operation not in found.default | found.advanced:
            raise unsupported_query(f"Unsupported or invalid query filter clause specified for property '{name}'.")
        self._need_advanced(name)
        return found

    def _need_advanced(self, what: str) -> None:
        if not self._advanced:
            raise unsupported_query(
                f"A $filter with '{what}' needs advanced query parameters: the header ConsistencyLevel: eventual"
                " and $count=true."
            )


class _Element:
    """The expression inside any(): over a plain value or over a field of an object."""

    def __init__(self, name: str, variable: str, allow: Callable[[str, str], Property]) -> None:
        self._name = name
        self._variable = variable
        self._allow = allow

    def compile(self, node: Any) -> Callable[[Any], bool]:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            left, right = self.compile(node.left), self.compile(node.right)
            return lambda item: left(item) and right(item)
        if isinstance(node, ast.Compare) and isinstance(node.comparator, ast.Eq):
            self._allow(self._name, "eq")
            read, value = self._reader(node.left), str(_literal(node.right)).lower()
            return lambda item: str(read(item)).lower() == value
        if isinstance(node, ast.Call) and node.func.name in ("startswith", "endswith"):
            self._allow(self._name, node.func.name)
            read, part, function = self._reader(node.args[0]), str(_literal(node.args[1])).lower(), node.func.name
            return lambda item: getattr(str(read(item)).lower(), function)(part)
        raise unsupported_query(f"Unsupported expression in any() on '{self._name}'.")

    def _reader(self, node: Any) -> Callable[[Any], Any]:
        if isinstance(node, ast.Attribute) and _name(node.owner) == self._variable:
            field = str(node.attr)
            return lambda item: item.get(field) if isinstance(item, dict) else None
        if _name(node) == self._variable:
            return lambda item: item
        raise unsupported_query(f"Unsupported expression in any() on '{self._name}'.")


def _name(node: Any) -> str:
    if isinstance(node, ast.Identifier):
        return str(node.name)
    raise unsupported_query("A filter compares a property with a value, in this order.")


def _literal(node: Any) -> Any:
    if isinstance(node, ast.Null):
        return None
    if isinstance(node, ast.Boolean):
        return str(node.val).lower() == "true"
    if isinstance(node, (ast.Integer, ast.Float)):
        return float(node.val)
    if isinstance(node, (ast.String, ast.DateTime, ast.Date, ast.GUID)):
        return str(node.val)
    raise unsupported_query("A filter compares a property with a value, in this order.")


def _fold(found: Property, value: Any) -> Any:
    return value.lower() if isinstance(value, str) and not found.by_case else value


def _value(body: Body, path: str) -> Any:
    """What stands at a path such as ``sourceIdentity/displayName``."""
    if "/" not in path:
        return body.get(path)
    found: Any = body
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _moment(text: Any) -> float:
    try:
        return parse_rfc3339(str(text))
    except ValueError:
        raise bad_request(f"'{text}' is no date and time.", "BadRequest") from None
