"""What is pasted into the console, from a document or a spreadsheet, is read as it looks.

A no-break space looks like a space and a mark without width like nothing, so nobody could see why a reason or a name is refused,
or why a search finds nothing. No password is typed in the console; pages where one is leave what was typed as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from flask import request
from werkzeug.datastructures import ImmutableMultiDict

_BLANK: Final = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NO_WIDTH: Final = re.compile(r"[\u00ad\u200b\u2060\ufeff]")
_SEARCHED: Final = frozenset({"q", "person"})
"""Fields whose words are looked for: letters and digits of full width stand for the usual ones."""


def read_as_it_looks() -> None:
    """Do so with the fields of this request."""
    if request.args:
        vars(request)["args"] = ImmutableMultiDict(_seen(request.args.items(multi=True)))
    if request.method == "POST":
        vars(request)["form"] = ImmutableMultiDict(_seen(request.form.items(multi=True)))


def _seen(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, plain(value, searched=name in _SEARCHED)) for name, value in fields]


def plain(text: str, *, searched: bool = False) -> str:
    """Give a text with plain spaces and without marks that have no width."""
    seen = _BLANK.sub(" ", _NO_WIDTH.sub("", text))
    return unicodedata.normalize("NFKC" if searched else "NFC", seen)
