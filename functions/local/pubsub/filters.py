"""The subscription filter language: text in, a test of a message's attributes out.

The grammar is the service's: `attributes.k = "v"`, `!=`, `attributes:k`,
`hasPrefix(attributes.k, "p")`, NOT or `-`, AND, OR, parentheses; AND beside OR
needs parentheses. Whatever is not that is a FilterError, never anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from typing_extensions import override

Predicate = Callable[[Mapping[str, str]], bool]

MAX_BYTES: Final = 256  # the service's limit on a filter
_MAX_DEPTH: Final = 64  # parentheses and NOTs inside each other

_Kind = Literal["word", "string", "sign", "end"]

_TOKEN: Final = re.compile(
    r"""(?P<word>[A-Za-z_][A-Za-z0-9_-]*)
    | "(?P<string>(?:[^"\\]|\\.)*)"
    | (?P<sign>!=|[=:.(),-])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_RESERVED: Final = frozenset({"AND", "OR", "NOT"})


class FilterError(ValueError):
    """A filter that is not in the language; says where and what was expected."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    text: str
    at: int

    @override
    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"{self.text!r}"


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"unexpected character at position {at}")
        start, at = at, match.end()
        if (string := match["string"]) is not None:
            found.append(_Token("string", _ESCAPE.sub(r"\1", string), start))
        elif match["word"] is not None:
            found.append(_Token("word", match["word"], start))
        else:
            found.append(_Token("sign", match["sign"], start))
    return [*found, _Token("end", "", end)]


def _never(test: Predicate) -> Predicate:
    return lambda attributes: not test(attributes)


def _every(tests: list[Predicate]) -> Predicate:
    return lambda attributes: all(test(attributes) for test in tests)


def _some(tests: list[Predicate]) -> Predicate:
    return lambda attributes: any(test(attributes) for test in tests)


class _Parser:
    """Recursive descent over the tokens, one method for each rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0

    def whole(self) -> Predicate:
        test = self._expression()
        if self._peek.kind != "end":
            raise self._expected("the end")
        return test

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _expected(self, what: str) -> FilterError:
        return FilterError(
            f"expected {what} at position {self._peek.at}, found {self._peek}"
        )

    def _at(self, kind: _Kind, *texts: str) -> bool:
        token = self._peek
        return token.kind == kind and (not texts or token.text in texts)

    def _take(self, kind: _Kind, text: str) -> None:
        if not self._at(kind, text):
            raise self._expected(repr(text))
        self._next += 1

    def _expression(self) -> Predicate:
        tests = [self._term()]
        joined = self._peek.text if self._at("word", "AND", "OR") else ""
        while self._at("word", "AND", "OR"):
            if self._peek.text != joined:
                raise FilterError(
                    "AND and OR beside each other need parentheses"
                    f" (position {self._peek.at})"
                )
            self._next += 1
            tests.append(self._term())
        if not joined:
            return tests[0]
        return _every(tests) if joined == "AND" else _some(tests)

    def _term(self) -> Predicate:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FilterError(f"nested deeper than {_MAX_DEPTH}")
        try:
            return self._nested()
        finally:
            self._depth -= 1

    def _nested(self) -> Predicate:
        if self._at("word", "NOT") or self._at("sign", "-"):
            self._next += 1
            return _never(self._term())
        if self._at("sign", "("):
            self._next += 1
            test = self._expression()
            self._take("sign", ")")
            return test
        if self._at("word", "hasPrefix"):
            return self._prefix()
        return self._attribute()

    def _prefix(self) -> Predicate:
        self._next += 1
        self._take("sign", "(")
        self._take("word", "attributes")
        self._take("sign", ".")
        key = self._key()
        self._take("sign", ",")
        prefix = self._string()
        self._take("sign", ")")
        return lambda attributes: (
            key in attributes and attributes[key].startswith(prefix)
        )

    def _attribute(self) -> Predicate:
        self._take("word", "attributes")
        if self._at("sign", ":"):
            self._next += 1
            key = self._key()
            return lambda attributes: key in attributes
        self._take("sign", ".")
        key = self._key()
        if not self._at("sign", "=", "!="):
            raise self._expected("'=' or '!='")
        equal = self._peek.text == "="
        self._next += 1
        value = self._string()
        # A message without the attribute differs from every value.
        return lambda attributes: (attributes.get(key) == value) is equal

    def _key(self) -> str:
        token = self._peek
        plain = token.kind == "word" and token.text not in _RESERVED
        if not plain and token.kind != "string":
            raise self._expected("an attribute key")
        self._next += 1
        return token.text

    def _string(self) -> str:
        token = self._peek
        if token.kind != "string":
            raise self._expected("a string in double quotes")
        self._next += 1
        return token.text


def compile_filter(text: str) -> Predicate:
    """Return the test that `text` describes; an empty filter passes everything.

    Raises:
        FilterError: `text` is too long or not in the language.

    """
    if len(text.encode()) > MAX_BYTES:
        raise FilterError(f"longer than {MAX_BYTES} bytes")
    if not text.strip():
        return lambda _: True
    return _Parser(text).whole()
