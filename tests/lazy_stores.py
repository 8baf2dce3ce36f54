"""Stores whose statements are made when the first is asked for, in the applications that the suite makes in its own process.

An application has some sixty stores with a thousand statements, which takes it a fifth of a second to make; a test uses a
few. What the product does, which makes all of them at its start so that a mistake shows there, is what ``at_once`` gives
back, and what every server does that the tests start as a process of its own.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import idp.adapters.sql
from idp.adapters.sql.database import Database

_making = threading.RLock()
_real: dict[type, Callable[..., None]] = {}
"""What made each of them before."""


def make_lazily() -> None:
    """Have every store of the product wait with its statements."""
    for store in _stores():
        _real[store] = store.__init__  # type: ignore[misc]
        store.__init__ = _remember  # type: ignore[misc]
        store.__getattr__ = _make  # type: ignore[attr-defined]


@contextlib.contextmanager
def at_once() -> Iterator[int]:
    """Make stores as the product makes them; gives their number."""
    for store, real in _real.items():
        store.__init__ = real  # type: ignore[misc]
    try:
        yield len(_real)
    finally:
        for store in _real:
            store.__init__ = _remember  # type: ignore[misc]


def _stores() -> list[type]:
    """Find the stores: the classes of the SQL adapter that are made of a database, and that no other is made of."""
    found: dict[type, None] = {}
    for module in pkgutil.walk_packages(idp.adapters.sql.__path__, "idp.adapters.sql."):
        for _, value in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if value.__name__.startswith("Sql") and value.__bases__ == (object,) and "__init__" in vars(value):
                parameters = list(inspect.signature(value.__init__).parameters.values())
                if len(parameters) > 1 and parameters[1].annotation in ("Database", Database):
                    found[value] = None
    return list(found)


def _remember(self: Any, *given: Any, **named: Any) -> None:
    self.__dict__["_not_made"] = given, named


def _make(self: Any, name: str) -> Any:
    """Make a store beside itself and then give it all at once, so that no thread meets one that is half made."""
    with _making:
        waiting = self.__dict__.get("_not_made")
        if waiting is not None:
            made = object.__new__(type(self))
            next(_real[kind] for kind in type(self).__mro__ if kind in _real)(made, *waiting[0], **waiting[1])
            self.__dict__.update(made.__dict__)
            del self.__dict__["_not_made"]
    return object.__getattribute__(self, name)
