"""``flask doctor``: is this deployment fit, one line each with the remedy (docs/operations/doctor.md).

It looks, it changes nothing. ``failed`` means that something does not work or is unsafe (exit status 1); ``warning`` that
somebody should look; ``ok`` says what was found.
"""

from __future__ import annotations

import ctypes
import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from ..directory.brake import BRAKED_REMEDY, sentence
from ..errors import ConfigurationError, IdpError, UnavailableError
from ..jose.keyset import ALGORITHMS
from ..jose.rotation import OVERDUE_SECONDS
from ..oauth import response
from ..services import Services
from ..settings import Settings, problems, read_secret
from . import jobs, listed_settings
from .audit import archive, trail
from .pki import carriers, health
from .verb import Verb

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


def commands(services: Callable[[], Services], settings: Callable[[], Settings],
             secret_files: Callable[[Settings], Mapping[Path, str]]) -> click.Command:
    """Make the command ``doctor``.

    Args:
        services: Gives the wired rooms; that they cannot be built is a finding.
        settings: Gives the settings of this deployment; that they are wrong is a finding, and they are listed all the same.
        secret_files: Gives the files that hold secrets, and what to do when one is not there.
    """
    @click.command("doctor", cls=Verb, help="Check this deployment; one line each with the remedy.")
    @click.option("--settings", "list_settings", is_flag=True, help="List every setting, its value and its meaning.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def doctor(list_settings: bool, as_json: bool) -> None:
        wrong: list[Line] = []
        found: Settings | None = None
        try:
            found = settings()
        except ConfigurationError as err:
            wrong = [Line("settings", "failed", one.message, one.remedy) for one in problems() or (err,)]
        if list_settings:
            listed_settings.show(found, [(line.found, line.remedy) for line in wrong], as_json)
            if not as_json:
                _show(wrong)
            return
        lines = wrong if found is None else list(examine(services, found, secret_files(found)))
        if as_json:
            click.echo(json.dumps({"fit": all(line.state != "failed" for line in lines), "findings": [
                {"check": line.check, "state": line.state, "found": line.found, "remedy": line.remedy} for line in lines]},
                ensure_ascii=False))
        else:
            _show(lines)
        if any(line.state == "failed" for line in lines):
            raise SystemExit(1)

    return doctor


def examine(services: Callable[[], Services], settings: Settings, secret_files: Mapping[Path, str]) -> Iterator[Line]:
    """Look at everything, in the order in which things build on each other."""
    yield from _settings(settings)
    yield from _proxy(settings)
    yield _clock(adjtimex())
    secrets = list(_secrets(secret_files))
    yield from secrets
    try:
        house = services()
    except ConfigurationError as err:
        if err.message not in [line.found for line in secrets]:
            yield Line("keys", "failed", err.message, err.remedy)
        return
    except UnavailableError as err:
        yield Line("database", "failed", err.message, "See that the database runs and IDP_DATABASE_URL is right.")
        return
    database = _database(house)
    yield database
    if database.state != "failed":
        for name, check in (("keys", _keys), ("clients", _clients), ("initial access", _initial_access), ("worker", _worker),
                            ("logout notices", _notices), ("audit trail", _audit_trail)):
            yield from _guarded(name, check, house)
    yield from _guarded("directory", _directory, house)
    yield from _guarded("break glass", _break_glass, house)
    for well, found, remedy in house.first_factors.trusted.examined(house.assurance.second_factor_networks):
        yield Line("second factors", "ok" if well or settings.development else "warning", found, "" if well else remedy)
    if house.certificates.offered:
        yield from _guarded("certificates", _certificates, house)
    if database.state != "failed":
        yield from _guarded("mail", _mail, house)
        yield from _guarded("certification authority", _certification, house)
        yield from (Line("signing SIMs", *found) for found in carriers.doubts(house))
    yield from _guarded("government chain", _chain, house)
    yield from (Line("mobile signature", *found) for found in carriers.look(house))


def _guarded(name: str, check: Callable[[Services], Iterator[Line]], house: Services) -> Iterator[Line]:
    try:
        yield from check(house)
    except IdpError as err:
        remedy = err.remedy if isinstance(err, ConfigurationError) else "Read the log; try again."
        yield Line(name, "failed", err.message, remedy)


def _certification(house: Services) -> Iterator[Line]:
    for state, found, remedy in health.look(house):
        yield Line("certification authority", state, found, remedy)


def _chain(house: Services) -> Iterator[Line]:
    for state, found, remedy in health.chain(house):
        yield Line("government chain", state, found, remedy)


def _certificates(house: Services) -> Iterator[Line]:
    """Look at the revocation lists without which officers' certificates are refused."""
    found = house.certificates.revocation_lists()
    if not found["lists"]:
        yield Line("certificates", "failed", "there is no revocation list, so every certificate is refused.",
                   "Put those of the authorities in IDP_OFFICER_CA_FILE into IDP_OFFICER_CRL_DIR (*.crl).")
    elif found["out_of_date"] or found["unreadable"]:
        yield Line("certificates", "warning",
                   f"{found['out_of_date']} of {found['lists']} lists are out of date, {found['unreadable']} files are no list.",
                   "Look at the timer that fetches them into IDP_OFFICER_CRL_DIR.")
    else:
        yield Line("certificates", "ok", f"{found['lists']} revocation lists are up to date.")


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


def _secrets(files: Mapping[Path, str]) -> Iterator[Line]:
    """Open every file with a secret, those too that only the provider opens, or the worker, or nobody before a sign-in."""
    good = 0
    for path, missing in files.items():
        try:
            read_secret(path, missing)
        except ConfigurationError as err:
            yield Line("keys", "failed", err.message, err.remedy)
        else:
            good += 1
    if good:
        yield Line("keys", "ok", f"{good} secret files are there, readable, and closed to others.")


def _database(house: Services) -> Line:
    kind = make_url(house.settings.database_url).get_backend_name()
    try:
        house.ping_database()
        schema = house.schema_state()
        if schema in {"empty", "behind"}:
            return Line("database", "failed", f"{kind} answers, but lacks migrations.", "Run: flask --app wsgi db upgrade")
    except UnavailableError as err:
        return Line("database", "failed", f"{kind} does not answer.", "See that it runs and that IDP_DATABASE_URL is right."
                    + (f" ({err.debug.splitlines()[0][:200]})" if err.debug else ""))
    if not house.has_trigrams():
        return Line("database", "warning", f"{kind} has no trigram index (ix_officer_trigrams): searches for officers are slow.",
                    'Make the extension pg_trgm and the index: docs/operations/directory.md, "Searches".')
    if schema == "newer":
        return Line("database", "warning", f"{kind} answers, migrated by a later release than this one.",
                    "Upgrade this node too; after a roll-back nothing has to be done.")
    return Line("database", "ok", f"{kind} answers, at the newest migration.")


def _keys(house: Services) -> Iterator[Line]:
    house.keys.reload()
    stored, now = house.keys.stored(), house.clock.now()
    rotate = "Run: flask --app wsgi keys rotate"
    if not stored:
        yield Line("keys", "warning", "there are no signing keys yet.", "Start the provider; it makes them.")
        return
    if house.keys.token is not None:
        try:
            yield Line("keys", "ok", f"the PKCS #11 token answers: {house.keys.token.check()}.")
        except IdpError as err:
            yield Line("keys", "failed", err.message + (f" ({err.debug})" if err.debug else ""),
                       err.remedy if isinstance(err, ConfigurationError) else "See that the token or HSM runs.")
    for alg in ALGORITHMS:
        active, waiting = (next((key for key in stored if key.alg == alg and key.state == state), None)
                           for state in ("active", "next"))
        if active is None:
            yield Line("keys", "failed", f"there is no active {alg} key.", rotate)
            continue
        name = f"{alg} key {active.kid[:8]}"
        try:
            house.keys.prove(alg)
            if waiting is not None and waiting.token_uri and house.keys.token and not house.keys.token.holds(waiting.token_uri):
                yield Line("keys", "failed", f"the next {alg} key is not in this node's PKCS #11 token.",
                           "Give every node and the worker the same token (docs/operations/keys.md).")
        except IdpError as err:
            yield Line("keys", "failed", f"the {name} does not sign: {err.message.rstrip('.')}.",
                       err.remedy if isinstance(err, ConfigurationError) else "Read the log; try again.")
            continue
        age, due = now - (active.activated_at or active.created_at), house.keys.next_rotation_at(alg)
        if due is not None and now - due > OVERDUE_SECONDS:
            yield Line("keys", "warning", f"the {name} should have given way {(now - due) // 86400} days ago.",
                       "See that the worker runs; its log says what stands in the way. By hand: flask --app wsgi keys rotate")
        elif due is None and age > OLD_KEY_SECONDS:
            yield Line("keys", "warning", f"the {name} has signed for {age // 86400} days.", rotate)
        else:
            then = "rotation by hand" if due is None else f"next rotation in {max(0, due - now) // 86400} days"
            yield Line("keys", "ok", f"{name} ({active.place}) signs since {age // 86400} days; {then}.")
        if waiting is None:
            yield Line("keys", "warning", f"no next {alg} key is published: a rotation would not be announced.",
                       "See that the worker runs; it makes what is missing.")
    try:
        house.encryption_keys.prove()
        yield Line("keys", "ok", "the keys to encrypt to decrypt.")
    except IdpError as err:
        yield Line("keys", "failed", err.message, err.remedy if isinstance(err, ConfigurationError) else
                   "Start the provider; it makes what is missing.")


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
        if any(kind != response.CODE for kind in client.response_types):
            yield Line("clients", "warning", f"{client.client_id} has tokens sent through the browser.",
                       'Set response_types = ["code"] as soon as it can.')
        if client.redirect_uris and not client.backchannel_logout_uri:
            found = ("is told by the officer's browser only, and of nothing but a logout in it" if client.frontchannel_logout_uri
                     else "is not told when an officer logs out")
            yield Line("clients", "warning", f"{client.client_id} {found}.", "Register a backchannel_logout_uri.")


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
    yield Line("jobs", *jobs.health(house))


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


def _mail(house: Services) -> Iterator[Line]:
    server = house.mail_delivery.server
    if server is None:
        yield Line("mail", "warning", "no mail server is set: officers find notices on the pages only.", "Set IDP_SMTP_HOST.")
        return
    state = house.mail.state()
    try:
        yield Line("mail", "ok", f"{server.check()}; {state.waiting} mails wait.")
    except UnavailableError as err:
        yield Line("mail", "failed", f"the mail server does not take mail: {err.message}".rstrip(".") + ".",
                   "See that it runs, and IDP_SMTP_* (docs/operations/mail.md).")
    if state.dead:
        last = next((failing.last_error for failing in state.failing), "")
        yield Line("mail", "warning", f"{state.dead} mails are dead; last answer: {last}".rstrip(".") + ".",
                   "Mend what the answer names, then run: flask --app wsgi worker mail --retry")


def _audit_trail(house: Services) -> Iterator[Line]:
    count, seconds = house.audit_chain.backlog()
    if seconds > SEALING_LAG_SECONDS:
        yield Line("audit trail", "failed", f"{count} records wait for their seal, the first for {seconds} s.",
                   "See that the worker runs and no transaction stays open for long in the database.")
    else:
        yield Line("audit trail", "ok", f"{count} records wait for their seal.")
    conflict = house.audit_chain.head_conflict()
    if conflict:
        yield Line("audit trail", "failed", f"it is not the one known outside the database: {conflict}.",
                   "Was the database restored or made anew on purpose? Then run: flask --app wsgi audit accept-chain --reason ..."
                   " If not, read docs/operations/audit.md, section 2.")
    for state, found, remedy in (*trail.heads_health(house), *archive.health(house)):
        yield Line("audit trail", state, found, remedy)


def _directory(house: Services) -> Iterator[Line]:
    for line in house.directory.check():
        yield Line("directory", "ok" if line.ok else "failed", f"{line.name}: {line.detail}", line.remedy)
    state = house.mirroring.brake.state()
    if state.braked_at:
        yield Line("directory", "failed", sentence(state.reason, losses=state.losses, active=state.active), BRAKED_REMEDY)


def _break_glass(house: Services) -> Iterator[Line]:
    glass = house.break_glass
    problem = glass.problem()
    if problem is not None:
        yield Line("break glass", "warning", f"switched on, and nobody can use it: {problem.message}", problem.remedy)
    elif glass.named:
        yield Line("break glass", "warning", "the break-glass administrator is switched on.",
                   "When the emergency is over, empty IDP_BREAK_GLASS_NAME and run: flask --app wsgi break-glass remove")
    else:
        yield Line("break glass", "ok", "switched off." if not glass.there() else "switched off; there is a credential.")


def _show(lines: list[Line]) -> None:
    for line in lines:
        click.echo(f"{line.state:<8} {line.check}: {line.found}" + (f" Remedy: {line.remedy}" if line.remedy else ""))
