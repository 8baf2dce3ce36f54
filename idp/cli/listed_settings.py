"""``flask doctor --settings``: every setting of a deployment, its value and its meaning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ..settings import Settings, given


def show(settings: Settings | None, wrong: Sequence[tuple[str, str]], as_json: bool) -> None:
    """List every setting; while they are wrong, with the values that were given, and what is wrong at the end."""
    raw = given() if settings is None else {}
    found: list[dict[str, Any]] = []
    for name, member in Settings.model_fields.items():
        value = raw.get(name, member.default) if settings is None else getattr(settings, name)
        found.append({"name": name, "variable": f"IDP_{name.upper()}", "value": _text(name, value),
                      "default": _text(name, member.default), "meaning": member.description or ""})
    if as_json:
        problems = [{"problem": problem, "remedy": remedy} for problem, remedy in wrong]
        click.echo(json.dumps({"settings": found, "problems": problems}, ensure_ascii=False))
        return
    for entry in found:
        changed = "" if entry["value"] == entry["default"] else f"  (default: {entry['default'] or '-'})"
        click.echo(f"{entry['variable']} = {entry['value'] or '-'}{changed}\n    {entry['meaning']}")


def as_table() -> list[str]:
    """Give a line of docs/operations/settings.md for each setting: variable, value where none is given, meaning."""
    found = []
    for name, member in Settings.model_fields.items():
        default = "" if member.is_required() else _text(name, member.default)
        meaning = (member.description or "").replace("|", "\\|")
        found.append(f"| `IDP_{name.upper()}` | {f'`{default}`' if default else ''} | {meaning} |")
    return found


def _text(name: str, value: Any) -> str:
    """Write a value as it would stand in the environment; a password inside the database's URL is left out."""
    if value is None:
        return ""
    if name == "database_url":
        return _without_password(str(value))
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _without_password(url: str) -> str:
    try:
        parsed = make_url(url)
        shown = {name: "***" if "password" in name.lower() else value for name, value in parsed.query.items()}
        return parsed.set(query=shown).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "(not shown: no URL, and it may hold a password)"
