"""Statements and addresses of the product, compiled once by each worker of the suite and not once for each of its applications.

A statement is told from another by SQLAlchemy's own key of it, and by the values of what is constant in it; an address by
its parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from werkzeug.routing import Rule

from idp.adapters.sql import execution, prepared

Compiled = execution.Compiled


class CompiledOnce:
    """Compiles what was not compiled before."""

    def __init__(self) -> None:
        self._known: dict[object, Compiled] = {}

    def __call__(self, statement: ClauseElement, dialect: Dialect) -> Compiled:
        """Give the text of a statement (``execution.Compiled``)."""
        key = statement._generate_cache_key()
        if key is None:
            return Compiled(statement, dialect)
        whole = (dialect.name, dialect.paramstyle, key.key,
                 tuple((bind.required, type(bind.value), repr(bind.value)) for bind in key.bindparams))
        if whole not in self._known:
            self._known[whole] = Compiled(statement, dialect)
        return self._known[whole]


def compile_once() -> None:
    """Have every database and every Flask application of this process share what is compiled."""
    execution.Compiled = prepared.Compiled = CompiledOnce()  # type: ignore[misc, assignment]
    Rule._compile_builder = _builder  # type: ignore[method-assign]


_compile_builder = Rule._compile_builder
_builders: dict[object, Callable[..., Any]] = {}


def _builder(self: Rule, append_unknown: bool = True) -> Callable[..., Any]:
    """Give the function that writes an address; it knows the rule it is for by its first argument, and by nothing else."""
    if self.defaults:
        return _compile_builder(self, append_unknown)
    key = append_unknown, tuple(self._trace)
    if key not in _builders:
        _builders[key] = _compile_builder(self, append_unknown)
    return _builders[key]
