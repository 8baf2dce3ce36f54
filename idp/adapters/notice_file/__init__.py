"""The province's notice about personal data as an operator writes it: a TOML file (docs/operations/personal-data.md)."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from ...notices.personal_data import LONGEST_VERSION, PersonalDataText, Section


def read(path: Path | None) -> PersonalDataText | None:
    """Give the text; None without a file.

    Raises:
        ConfigurationError: the file is not there, or not such as the documentation says.
    """
    if path is None:
        return None
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        version, since = found.pop("version"), found.pop("since")
        if not isinstance(version, str) or not version.isprintable() or not 0 < len(version) <= LONGEST_VERSION:
            raise ValueError(f"version is a text of 1 to {LONGEST_VERSION} characters")
        if type(since) is not date:
            raise ValueError("since is a day, such as 2026-11-23")
        if "vi" not in found or not found.keys() <= {"vi", "en"}:
            raise ValueError("it has sections [[vi.sections]], and [[en.sections]] if there is an English text")
        sections = {language: tuple(map(_section, table["sections"])) for language, table in found.items()}
        if not all(sections.values()):
            raise ValueError("each language has at least one section")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as err:
        raise ConfigurationError(
            f"The notice about personal data {path} cannot be read: {err}.",
            remedy="See docs/operations/personal-data.md, or leave IDP_PERSONAL_DATA_NOTICE_FILE out.") from err
    return PersonalDataText(version, since, sections)


def _section(table: dict[str, Any]) -> Section:
    heading, text = table["heading"].strip(), table["text"].strip()
    if not heading or not text or table.keys() != {"heading", "text"}:
        raise ValueError("each section has a heading and a text, and nothing else")
    return Section(heading, tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip()))
