"""Which carriers' services the province signs through: one TOML file (``IDP_MSSP_FILE``), and what is built of it.

Each table ``[carriers."Name"]`` says how one service is reached (docs/operations/mobile-signature.md); ``[rules]`` how patiently.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Protocol

from ...clock import Clock
from ...errors import ConfigurationError, RefusedError, UnavailableError
from ...secret_files import read_secret
from ...signing.following import Rules
from ...signing.sims.sim import SimError
from . import RAW, Account, MobileSignatureClient, Reply

_KIND: Final = "application/soap+xml; charset=utf-8"
_LONGEST_NAME: Final = 32
_NEEDED: Final = ("url", "ap_id", "password_file", "mssp_id", "profile", "client_certificate", "client_key")
_OPTIONAL: Final = ("authority", "format", "short_messages", "authentication_profile")
_RULES: Final = tuple(field.name for field in fields(Rules))


class Line(Protocol):
    """A guarded way to one service's servers."""

    def post_octets(self, url: str, octets: bytes, *, content_type: str) -> Reply:
        """Post octets; raises UnavailableError, or RefusedError for an address that is not called."""
        ...


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier's service as the file has it; paths are absolute."""

    name: str
    account: Account
    client_certificate: tuple[Path, Path]
    authority: Path | None
    short_messages: str


def read(path: Path) -> tuple[tuple[Carrier, ...], Rules]:
    """Read the file; paths in it are relative to its folder.

    Raises:
        ConfigurationError: it cannot be read, or something in it is not right; says what.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise ConfigurationError(f"{path} cannot be read.", remedy="Correct IDP_MSSP_FILE, or its mode or owner.",
                                 debug=str(err)) from err
    except ValueError as err:
        raise ConfigurationError(f"{path} is not TOML.", remedy="See docs/operations/mobile-signature.md.",
                                 debug=str(err)) from err
    tables = found.pop("carriers", {})
    rules = found.pop("rules", {})
    if found or not isinstance(tables, dict) or not isinstance(rules, dict) or not tables:
        raise _wrong(path, "it holds tables carriers.NAME, at least one, and perhaps rules")
    return tuple(_carrier(path, name, table) for name, table in tables.items()), _rules(path, rules)


def client(carrier: Carrier, line: Line, clock: Clock) -> MobileSignatureClient:
    """Make the client of a carrier's service."""

    def post(url: str, octets: bytes) -> Reply:
        try:
            return line.post_octets(url, octets, content_type=_KIND)
        except RefusedError as err:
            raise UnavailableError("The service is not called.", dependency="mobile_signature", debug=err.message) from err
        except UnavailableError as err:
            raise UnavailableError("The service does not answer.", dependency="mobile_signature",
                                   debug=err.debug or err.message) from err

    return MobileSignatureClient(carrier.account, post, clock)


class ShortMessages:
    """Sends short messages through carriers' gateways (port ``signing.sims.ports.ShortMessages``): JSON over HTTP.

    Args:
        gateways: Address and way, by carrier; ``POST {"msisdn": ..., "text": ...}`` is answered with 200, 201, 202 or 204;
            with 404 where there is no such number.
    """

    def __init__(self, gateways: Mapping[str, tuple[str, Line]]) -> None:
        self._gateways = gateways

    def send(self, carrier: str, msisdn: str, text: str) -> None:
        """Send one; see the port."""
        address, line = self._gateways.get(carrier, ("", None))
        if line is None or not address:
            raise UnavailableError("No short messages go to this carrier.", dependency="short_messages")
        try:
            answer = line.post_octets(address, json.dumps({"msisdn": msisdn, "text": text}).encode(),
                                      content_type="application/json")
        except (RefusedError, UnavailableError) as err:
            raise UnavailableError("The short message was not taken.", dependency="short_messages", debug=err.message) from err
        if answer.status == 404:
            raise SimError("The carrier knows no such number.", code="number_unknown", status=422)
        if answer.status not in (200, 201, 202, 204):
            raise UnavailableError("The short message was not taken.", dependency="short_messages", debug=f"HTTP {answer.status}")


def _carrier(path: Path, name: str, table: Any) -> Carrier:
    known = (*_NEEDED, *_OPTIONAL)
    if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
        raise _wrong(path, f"{name}: every value is a text")
    for missing in (member for member in _NEEDED if member not in table):
        raise _wrong(path, f"{name}: {missing} is missing")
    for unknown in (member for member in table if member not in known):
        raise _wrong(path, f"{name}: {unknown} means nothing here")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise _wrong(path, f"{name[:40]!r}: a name has at most {_LONGEST_NAME} characters")
    form = table.get("format", RAW[0])
    if form not in RAW:
        raise _wrong(path, f"{name}: format is one of {', '.join(RAW)}")
    files = {member: path.parent / table[member] for member in ("password_file", "client_certificate", "client_key", "authority")
             if member in table}
    for member, file in files.items():
        if not file.is_file():
            raise _wrong(path, f"{name}: {member}: there is no {file}")
    try:
        account = Account(table["url"].rstrip("/"), table["ap_id"], read_secret(files["password_file"]), table["mssp_id"],
                          table["profile"], form, table.get("authentication_profile", ""))
    except ValueError as err:
        raise _wrong(path, f"{name}: {err}") from err
    return Carrier(name, account, (files["client_certificate"], files["client_key"]), files.get("authority"),
                   table.get("short_messages", ""))


def _rules(path: Path, given: Mapping[str, Any]) -> Rules:
    for member, value in given.items():
        if member not in _RULES or not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 3600:
            raise _wrong(path, f"rules: {member}: whole seconds or a count, one of {', '.join(_RULES)}")
    return Rules(**given)


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {what}.", remedy="See docs/operations/mobile-signature.md, section 1.")


MakeLine = Callable[[Carrier], Line]
"""Gives the way to a carrier's servers, with our certificate."""
