"""``flask doctor``: is this deployment fit, one line each with the remedy (docs/operations/doctor.md).

It looks, it changes nothing. ``failed`` means that something does not work or is unsafe (exit status 1); ``warning`` that
somebody should look; ``ok`` says what was found.
"""

from __future__ import annotations

import ctypes
import ipaddress
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy.engine import make_url

from ..errors import ConfigurationError, IdpError, UnavailableError
from ..services import Services
from ..settings import Settings

HEARTBEAT_SECONDS = 15
SEALING_LAG_SECONDS = 60
OLD_KEY_SECONDS = 400 * 86400
_UNSYNCHRONISED = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: what was looked at, ``ok`` / ``warning`` / ``failed``, what was found, and what to do."""

    check: str
    state: str
    found: str
    remedy: str = ""


def commands(services: Callable[[], Services], settings: Settings) -> click.Command:
    """Make the command ``doctor``.

    Args:
        services: Gives the wired rooms; that they cannot be built is a finding.
        settings: The settings of this deployment.
    """
    @click.command("doctor", help="Check this deployment; one line each with the remedy.")
    @click.option("--settings", "list_settings", is_flag=True, help="List every setting, its value and its meaning.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def doctor(list_settings: bool, as_json: bool) -> None:
        if list_settings:
            _show_settings(settings, as_json)
            return
        lines = list(examine(services, settings))
        if as_json:
            click.echo(json.dumps({"fit": all(line.state != "failed" for line in lines), "findings": [
                {"check": line.check, "state": line.state, "found": line.found, "remedy": line.remedy} for line in lines]},
                ensure_ascii=False))
        else:
            for line in lines:
                click.echo(f"{line.state:<8} {line.check}: {line.found}" + (f" Remedy: {line.remedy}" if line.remedy else ""))
        if any(line.state == "failed" for line in lines):
            raise SystemExit(1)

    return doctor


def examine(services: Callable[[], Services], settings: Settings) -> Iterator[Line]:
    """Look at everything, in the order in which things build on each other."""
    yield from _settings(settings)
    yield from _proxy(settings)
    yield _clock(adjtimex())
    try:
        house = services()
    except ConfigurationError as err:
        yield Line("keys", "failed", err.message, err.remedy)
        return
    except UnavailableError as err:
        yield Line("database", "failed", err.message, "See that the database runs and IDP_DATABASE_URL is right.")
        return
    database = _database(house)
    yield database
    if database.state == "ok":
        for name, check in (("keys", _keys), ("clients", _clients), ("initial access", _initial_access), ("worker", _worker),
                            ("logout notices", _notices), ("audit trail", _audit_trail)):
            yield from _guarded(name, check, house)
    yield from _guarded("directory", _directory, house)
    yield Line("mail", "ok", "nothing in this release sends mail.")


def _guarded(name: str, check: Callable[[Services], Iterator[Line]], house: Services) -> Iterator[Line]:
    try:
        yield from check(house)
    except IdpError as err:
        remedy = err.remedy if isinstance(err, ConfigurationError) else "Read the log; try again."
        yield Line(name, "failed", err.message, remedy)


def _settings(settings: Settings) -> Iterator[Line]:
    yield Line("settings", "ok", f"{settings.env}, issuer {settings.issuer}, security level {settings.security_level}.")
    if settings.development:
        yield Line("settings", "warning", "development: http and loopback addresses are allowed.",
                   "Set IDP_ENV=production where officers sign in.")
        return
    if make_url(settings.database_url).get_backend_name() == "sqlite":
        yield Line("settings", "warning", "production on SQLite: one machine, no other node.",
                   "Set IDP_DATABASE_URL to PostgreSQL.")
    if settings.log_level == "DEBUG":
        yield Line("settings", "warning", "the log is at DEBUG.", "Set IDP_LOG_LEVEL=INFO.")
    if settings.legacy_response_types or settings.request_uri_fetch:
        yield Line("settings", "warning", "a setting for conformance tests is on.",
                   "Turn off IDP_LEGACY_RESPONSE_TYPES and IDP_REQUEST_URI_FETCH.")
    if all(uri.startswith("ldap://") for uri in settings.ldap_uri) and settings.ldap_ca_file is None:
        yield Line("settings", "ok", "directory certificates are checked against the system's authorities.")


def _proxy(settings: Settings) -> Iterator[Line]:
    for entry in settings.trusted_proxies:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            yield Line("proxy", "failed", f"{entry} is no address and no network.", "Correct IDP_TRUSTED_PROXIES.")
            return
        if network.num_addresses > 65536:
            yield Line("proxy", "warning", f"{entry} trusts very many addresses to say who the caller is.",
                       "List only the proxies in IDP_TRUSTED_PROXIES.")
    if settings.trusted_proxies:
        yield Line("proxy", "ok", f"X-Forwarded-For counts from {' '.join(settings.trusted_proxies)}.")
    elif settings.development:
        yield Line("proxy", "ok", "none; every caller is taken at its own address.")
    else:
        yield Line("proxy", "warning", "no trusted proxy: all officers behind nginx would share one address and its limits.",
                   "Set IDP_TRUSTED_PROXIES to the addresses of nginx.")


def adjtimex() -> int | None:
    """Ask the kernel about its clock (5: not synchronised); None where that cannot be asked."""
    try:
        return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512)))
    except (OSError, AttributeError):
        return None


def _clock(state: int | None) -> Line:
    if state is None or state < 0:
        return Line("clock", "warning", "the kernel does not say whether it is synchronised.", "See that NTP runs on the host.")
    if state == _UNSYNCHRONISED:
        return Line("clock", "warning", "the clock is not synchronised.", "Start chrony or systemd-timesyncd.")
    return Line("clock", "ok", "the clock is synchronised.")


def _database(house: Services) -> Line:
    kind = make_url(house.settings.database_url).get_backend_name()
    try:
        house.ping_database()
        if not house.schema_is_current():
            return Line("database", "failed", f"{kind} answers, but lacks migrations.", "Run: flask --app wsgi db upgrade")
    except UnavailableError as err:
        return Line("database", "failed", f"{kind} does not answer.", "See that it runs and that IDP_DATABASE_URL is right."
                    + (f" ({err.debug.splitlines()[0][:200]})" if err.debug else ""))
    return Line("database", "ok", f"{kind} answers, at the newest migration.")


def _keys(house: Services) -> Iterator[Line]:
    house.keys.reload()
    stored, now = house.keys.stored(), house.clock.now()
    rotate = "Run: flask --app wsgi keys rotate"
    if not stored:
        yield Line("keys", "warning", "there are no signing keys yet.", "Start the provider; it makes them.")
        return
    for alg in ("ES256", "RS256"):
        active = next((key for key in stored if key.alg == alg and key.state == "active"), None)
        if active is None:
            yield Line("keys", "failed", f"there is no active {alg} key.", rotate)
            continue
        house.keys.signing(alg)
        age = now - (active.activated_at or active.created_at)
        if age > OLD_KEY_SECONDS:
            yield Line("keys", "warning", f"the {alg} key has signed for {age // 86400} days.", rotate)
        else:
            yield Line("keys", "ok", f"{alg} key {active.kid[:8]} signs since {age // 86400} days; the private part opens.")
        if not any(key.alg == alg and key.state == "next" for key in stored):
            yield Line("keys", "warning", f"no next {alg} key is published: a rotation would not be announced.",
                       rotate)


def _clients(house: Services) -> Iterator[Line]:
    clients = house.clients.all()
    active = [client for client in clients if not client.disabled]
    yield Line("clients", "ok", f"{len(active)} applications, {len(clients) - len(active)} disabled.")
    for client in active:
        if not client.require_pkce:
            yield Line("clients", "warning", f"{client.client_id} may sign in without PKCE.",
                       "Set require_pkce = true as soon as it can.")
        if client.assertion_audience != "issuer":
            yield Line("clients", "warning", f"{client.client_id} may use the token endpoint as audience of its assertions.",
                       'Set assertion_audience = "issuer" as soon as it can.')
        if client.redirect_uris and not client.backchannel_logout_uri:
            yield Line("clients", "warning", f"{client.client_id} is not told when an officer logs out.",
                       "Register a backchannel_logout_uri.")


def _initial_access(house: Services) -> Iterator[Line]:
    now = house.clock.now()
    good = [token for token in house.initial_access.tokens() if not token.lapse(now)]
    yield Line("initial access", "ok", f"{len(good)} tokens let {sum(token.quota - token.used for token in good)} applications"
               " register themselves.")
    for token in good:
        if token.expires_at is None:
            yield Line("initial access", "warning", f"the token {token.token_id} of {token.terms.owner} never expires.",
                       f"Make one that does, then run: flask --app wsgi clients initial-access-token revoke {token.token_id}")


def _worker(house: Services) -> Iterator[Line]:
    last, now = house.pulse.last(), house.clock.now()
    remedy = "Start it: flask --app wsgi worker run (idp-worker.service)"
    if last is None:
        yield Line("worker", "warning", "no worker has run on this database yet.", remedy)
    elif last > now + 2:
        yield Line("clock", "failed", f"the worker's clock is {last - now} s ahead of this machine's.",
                   "Synchronise both by NTP.")
    elif now - last > HEARTBEAT_SECONDS:
        yield Line("worker", "failed", f"the worker's last heartbeat was {now - last} s ago.", remedy)
    else:
        yield Line("worker", "ok", f"last heartbeat {now - last} s ago.")


def _notices(house: Services) -> Iterator[Line]:
    state = house.outbox.state()
    if not state.failing:
        yield Line("logout notices", "ok", f"{state.waiting} wait, none failed.")
    for failing in state.failing:
        found = (f"{failing.client_id} does not take them: {failing.waiting} wait, {failing.dead} dead;"
                 f" last answer: {failing.last_error}")
        yield Line("logout notices", "failed" if failing.dead else "warning", found.rstrip(".") + ".",
                   "Mend the application's backchannel_logout_uri"
                   + (f", then run: flask --app wsgi worker notices --retry {failing.client_id}" if failing.dead else "."))


def _audit_trail(house: Services) -> Iterator[Line]:
    count, seconds = house.audit_chain.backlog()
    if seconds > SEALING_LAG_SECONDS:
        yield Line("audit trail", "failed", f"{count} records wait for their seal, the first for {seconds} s.",
                   "See that the worker runs and no transaction stays open for long in the database.")
    else:
        yield Line("audit trail", "ok", f"{count} records wait for their seal.")
    conflict = house.audit_chain.head_conflict()
    if conflict:
        yield Line("audit trail", "failed", f"the newest seal is not the one known outside the database: {conflict}.",
                   "Run: flask --app wsgi audit verify (docs/operations/audit.md, after a restore)")


def _directory(house: Services) -> Iterator[Line]:
    for line in house.directory.check():
        yield Line("directory", "ok" if line.ok else "failed", f"{line.name}: {line.detail}", line.remedy)


def _show_settings(settings: Settings, as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    for name, member in Settings.model_fields.items():
        found.append({"name": name, "variable": f"IDP_{name.upper()}", "value": _text(name, getattr(settings, name)),
                      "default": _text(name, member.default), "meaning": member.description or ""})
    if as_json:
        click.echo(json.dumps({"settings": found}, ensure_ascii=False))
        return
    for entry in found:
        changed = "" if entry["value"] == entry["default"] else f"  (default: {entry['default'] or '-'})"
        click.echo(f"{entry['variable']} = {entry['value'] or '-'}{changed}\n    {entry['meaning']}")


def _text(name: str, value: Any) -> str:
    """Write a value as it would stand in the environment; a password inside the database's URL is left out."""
    if value is None:
        return ""
    if name == "database_url":
        return make_url(value).render_as_string(hide_password=True)
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
