"""docs/standards.md is the index of the protocol rooms, and this holds it true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATES = {"complete", "as far as offered", "used"}
SHORT = {
    "OpenID Connect Core 1.0": r"OpenID Connect Core|OIDC Core|(?<!Error )Core 1\.0|Core §",
    "OpenID Connect Discovery 1.0": r"OpenID Connect Discovery|Discovery 1\.0|Discovery §",
    "OpenID Connect Dynamic Client Registration 1.0": r"OpenID Connect (?:Dynamic Client )?Registration|Registration §",
    "OpenID Connect Back-Channel Logout 1.0": r"Back-Channel Logout",
    "OpenID Connect Front-Channel Logout 1.0": r"Front-Channel Logout",
    "OpenID Connect Session Management 1.0": r"Session Management",
    "OpenID Connect RP-Initiated Logout 1.0": r"RP-Initiated Logout",
    "OpenID Connect Client-Initiated Backchannel Authentication": r"Client-Initiated Backchannel Authentication|CIBA §",
    "OAuth 2.0 Form Post Response Mode": r"Form Post Response Mode",
    "Initiating User Registration via OpenID Connect 1.0": r"Initiating User Registration",
    "OpenID Connect Core Error Code unmet_authentication_requirements": r"unmet_authentication_requirements",
}


def _rows() -> list[dict[str, str]]:
    lines = (ROOT / "docs" / "standards.md").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, str]] = []
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 5 and cells[0] != "Specification":
            rows.append(dict(zip(("specification", "sections", "modules", "tests", "state"), cells, strict=True)))
    return rows


def _paths(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _key(specification: str) -> str:
    found = re.match(r"(?:RFC \d+|NIST SP [\w-]+)", specification)
    return found[0] if found else specification.split(" (")[0]


def _docstring(path: Path) -> str:
    return " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split())


def _protocol_modules() -> list[Path]:
    return sorted(path for room in ("oauth", "oidc", "jose") for path in (ROOT / "idp" / room).rglob("*.py")
                  if path.name != "__init__.py")


def test_every_row_names_files_that_exist() -> None:
    rows = _rows()
    assert len(rows) > 20
    missing = [path for row in rows for column in ("modules", "tests") for path in _paths(row[column])
               if not (ROOT / path).exists()]
    assert missing == []
    empty = [row["specification"] for row in rows if not _paths(row["modules"]) or not _paths(row["tests"])]
    assert empty == []


def test_every_row_has_a_known_state_and_stands_once() -> None:
    rows = _rows()
    assert {re.split("[:;,]", row["state"])[0] for row in rows} <= STATES
    keys = [_key(row["specification"]) for row in rows]
    assert len(keys) == len(set(keys))


def test_every_protocol_module_cites_a_listed_specification() -> None:
    listed = {_key(row["specification"]) for row in _rows()}
    patterns = {key: SHORT.get(key, rf"{re.escape(key)}\b") for key in listed}
    silent = [str(path.relative_to(ROOT)) for path in _protocol_modules()
              if not any(re.search(pattern, _docstring(path)) for pattern in patterns.values())]
    assert silent == []


def test_every_protocol_module_stands_in_a_row() -> None:
    named = {path for row in _rows() for path in _paths(row["modules"])}
    lost = [name for path in _protocol_modules() if (name := str(path.relative_to(ROOT))) not in named]
    assert lost == []


def test_every_specification_that_a_protocol_module_implements_is_listed() -> None:
    listed = {_key(row["specification"]) for row in _rows()}
    cited: dict[str, list[str]] = {}
    for path in _protocol_modules():
        spec = re.search(r"(?:Spec|Sources?): (.*?)(?:Departs|$)", _docstring(path))
        for number in re.findall(r"RFC \d+", spec[1] if spec else ""):
            cited.setdefault(number, []).append(str(path.relative_to(ROOT)))
    assert {number: paths for number, paths in cited.items() if number not in listed} == {}


def test_modules_of_a_row_cite_its_specification() -> None:
    """A row is no wish: each protocol module it names says so itself."""
    for row in _rows():
        key = _key(row["specification"])
        pattern = SHORT.get(key, rf"{re.escape(key)}\b")
        silent = [path for path in _paths(row["modules"]) if path.endswith(".py")
                  and not re.search(pattern, " ".join((ROOT / path).read_text(encoding="utf-8").split()))]
        assert silent == [], key


def test_every_departure_in_a_docstring_stands_on_the_page() -> None:
    page = (ROOT / "docs" / "divergences.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(idp/[^`]+\.py)`", page))
    departing = {str(path.relative_to(ROOT)) for path in (ROOT / "idp").rglob("*.py") if "Departs from" in _docstring(path)}
    assert departing - named == set()
    assert [path for path in named if not (ROOT / path).is_file()] == []
