"""The composition root: reads the settings, has the deployment wired (``wiring.py``), mounts both doors.

A deployment that is not fit to start says so in one sentence with its remedy
(``ConfigurationError``); commands that make it fit (``keys init``, ``db upgrade``, ``doctor``) run before it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from flask import Flask
from flask_migrate import Migrate

from .. import cli, web
from ..adapters import json_log
from ..adapters.key_files import KeyFolder
from ..adapters.sheets import SheetFiles
from ..adapters.sql import schema
from ..adapters.sql.tables import db
from ..clock import Clock, SystemClock
from ..endpoints import routes
from ..endpoints.monitoring.metrics import PrometheusMeter
from ..endpoints.sources import Sources
from ..endpoints.wsgi import Dispatcher
from ..errors import ConfigurationError, UnavailableError
from ..jose.keyset import ALGORITHMS
from ..services import Services
from ..settings import OF_THE_HOUSE, Settings, load, read_secret
from ..web import api
from ..worker import Worker
from .people import WholeDirectory
from .rehearsal import STARTING
from .servers import BIND_PASSWORD, RESET_PASSWORD, SMTP_PASSWORD
from .wiring import build_services

__all__ = ("AFTERWARDS_SECONDS", "build_services", "create_app")

ROOT = Path(__file__).resolve().parents[2]
AFTERWARDS_SECONDS = 0.2
"""How long the log line and the count of an answer may wait for others."""
_METRICS_TOKEN = "Put a random value into it, mode 0600, or leave IDP_METRICS_TOKEN_FILE out."


def create_app(settings: Settings | None = None, *, serve: bool = True, directory: WholeDirectory | None = None,
               clock: Clock | None = None) -> Flask:
    """Make the Flask application whose ``wsgi_app`` is the two-door dispatcher.

    Args:
        settings: Checked settings; read from the environment and the TOML file by default.
        serve: False for commands: rooms are built when a command asks for them, and no door is mounted.
        directory: Another directory than LDAP, for tests.
        clock: Another clock than the machine's, for tests.

    Raises:
        ConfigurationError: the deployment is not fit to start.
        UnavailableError: the database does not answer at start.
    """
    clock = clock or SystemClock()
    try:
        settings = settings or load()
    except ConfigurationError as err:
        if serve:
            raise
        return _unfit(err, clock)
    json_log.configure(settings.log_level, clock)
    app = Flask("idp", root_path=str(ROOT / "idp"), template_folder=str(ROOT / "templates"), static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    db.init_app(app)
    Migrate(app, db, directory=str(schema.MIGRATIONS))
    build = _once(lambda: build_services(settings, directory=directory, clock=clock))
    cli.register(app, build, lambda: settings, make_keys=KeyFolder(settings.keys_dir).make, make_worker=_worker,
                 secret_files=_secret_files, sheets=SheetFiles(), clock=clock)
    if serve:
        _mount(app, settings, build())
    return app


def _unfit(refusal: ConfigurationError, clock: Clock) -> Flask:
    """Make an application of commands alone, while the settings are wrong: ``doctor`` says what is, all others refuse."""
    def refuse() -> NoReturn:
        raise refusal

    json_log.configure("INFO", clock)
    app = Flask("idp", root_path=str(ROOT / "idp"), static_folder=None)
    cli.register(app, refuse, refuse, make_keys=refuse, make_worker=_worker, secret_files=_secret_files,
                 sheets=SheetFiles(), clock=clock)
    return app


def _secret_files(settings: Settings) -> Mapping[Path, str]:
    """Give every file of this deployment that holds a secret, and what to do when it is not there."""
    files = dict.fromkeys(KeyFolder(settings.keys_dir).secret_files(), OF_THE_HOUSE) | {
        settings.ldap_bind_password_file: BIND_PASSWORD}
    if settings.ldap_reset_bind_dn:
        files |= {settings.ldap_reset_bind_password_file: RESET_PASSWORD}
    if settings.smtp_host and settings.smtp_username:
        files |= {settings.smtp_password_file: SMTP_PASSWORD}
    return files if settings.metrics_token_file is None else files | {settings.metrics_token_file: _METRICS_TOKEN}


def _mount(app: Flask, settings: Settings, services: Services) -> None:
    """Check that this deployment is fit to serve, then mount both doors."""
    _require_migrations(services)
    services.prepare_database()
    services.encryption_keys.ensure(STARTING)
    services.keys.ensure(STARTING)  # the later: it loads what is published, the keys to encrypt to among it
    for alg in ALGORITHMS:
        services.keys.signing(alg)  # says why, where a private part is out of reach
    services.registrar.apply(services.read_client_files(settings.clients_dir), STARTING)
    app.secret_key = KeyFolder(settings.keys_dir).session_key()
    web.register(app, services)
    try:
        sources = Sources(settings.trusted_proxies)
    except ValueError as err:
        raise ConfigurationError(f"IDP_TRUSTED_PROXIES: {err}.",
                                 remedy="Give addresses or networks, separated by spaces.") from err
    meter = PrometheusMeter(bundle_seconds=AFTERWARDS_SECONDS)
    metrics_token = read_secret(settings.metrics_token_file, _METRICS_TOKEN) if settings.metrics_token_file else ""
    app.wsgi_app = Dispatcher(  # type: ignore[method-assign]
        routes.table(services, meter, metrics_token=metrics_token), api.before(app.wsgi_app, services),
        sources=sources, meter=meter, log=json_log.RequestLines(services.clock, bundle_seconds=AFTERWARDS_SECONDS))


def _worker(services: Services) -> Worker:
    """Make the worker, unless migrations are missing: every step would fail. A database that is away the worker waits for."""
    with suppress(UnavailableError):
        _require_migrations(services)
    return Worker(services)


def _require_migrations(services: Services) -> None:
    if services.schema_state() in {"empty", "behind"}:
        raise ConfigurationError("The database lacks migrations.", remedy="Run: flask --app wsgi db upgrade")


def _once(build: Callable[[], Services]) -> Callable[[], Services]:
    """Build at the first call and give the same afterwards."""
    lock, built = threading.Lock(), list[Services]()

    def get() -> Services:
        with lock:
            if not built:
                built.append(build())
            return built[0]

    return get
