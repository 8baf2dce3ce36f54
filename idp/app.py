"""The composition root: reads the settings, builds the adapters, hands them to the rooms, mounts both doors.

Nothing else builds an adapter. A deployment that is not fit to start says so in one sentence with its remedy
(``ConfigurationError``); commands that make it fit (``keys init``, ``db upgrade``, ``doctor``) run before it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from cryptography.x509 import load_pem_x509_certificates
from flask import Flask
from flask_migrate import Migrate

from . import cli, web
from .adapters import json_log
from .adapters.client_files import ClientFiles, read_software_issuers
from .adapters.key_files import KeyFolder
from .adapters.ldap.connection import ServerList
from .adapters.ldap.directory import LdapDirectory
from .adapters.ldap.server import Timing, servers_of
from .adapters.outbound import Outbound
from .adapters.seal_files import HEADS, Es256SealSigner, FileSealHeads
from .adapters.sql import schema
from .adapters.sql.administration import SqlAdministrationTokens, SqlClientEntries, SqlGrantPages
from .adapters.sql.audit import SqlAuditTrail
from .adapters.sql.audit_seals import SqlAuditReader, SqlSealStore
from .adapters.sql.clients import SqlClientStore
from .adapters.sql.consents import SqlConsents
from .adapters.sql.database import Database
from .adapters.sql.housekeeping import SqlHousekeeping, SqlPulse
from .adapters.sql.interactions import SqlInteractions
from .adapters.sql.keys import SqlKeyStore
from .adapters.sql.oauth import SqlGrants
from .adapters.sql.officers import SqlOfficers
from .adapters.sql.outbox import SqlOutbox
from .adapters.sql.registrations import SqlInitialAccess, SqlRegistrations
from .adapters.sql.seen_once import SqlSeenOnce
from .adapters.sql.sessions import SqlSessions
from .adapters.sql.tables import db
from .adapters.sql.throttle import SqlGuessCounter
from .adapters.sql.totp import SqlTotpStore
from .administration.access import Access
from .administration.clients import ClientAdministration
from .administration.grants import GrantAdministration
from .administration.initial_access import InitialAccessAdministration
from .administration.keys import KeyAdministration
from .audit import Caller
from .audit.chain import AuditChain
from .authn.assurance import HIGHEST_OFFERED, AssurancePolicy
from .authn.lockout import FACTOR_LIMITS, Limits, Lockout, Rule
from .authn.sign_in import SignIn
from .authn.totp import Totp
from .clock import Clock, SystemClock
from .directory.officer import Directory
from .endpoints import routes
from .endpoints.metrics import PrometheusMeter
from .endpoints.sources import Sources
from .endpoints.wsgi import Dispatcher
from .errors import ConfigurationError
from .jose.keyset import ALGORITHMS, KeyRing, KeyToken
from .oauth import response
from .oauth.access_token import AccessTokens
from .oauth.client import ClientRegistry
from .oauth.client_authentication import Checks
from .oauth.clients.assertion import ClientAssertions
from .oauth.clients.configuration import ClientConfiguration
from .oauth.clients.dynamic import Desk, DynamicRegistration
from .oauth.clients.initial_access import InitialAccess
from .oauth.clients.keys import ClientKeys
from .oauth.clients.registrar import Registrar
from .oauth.clients.registration import RegistrationPolicy
from .oauth.clients.sectors import Sectors
from .oauth.clients.software_statement import SoftwareStatements
from .oauth.introspection import Introspection
from .oauth.metadata import Paths
from .oauth.proof.certificate import CertificateAuthorities
from .oauth.proof.dpop import Nonces, Proofs
from .oauth.proof.holder import Holders
from .oauth.server import Lifetimes, Provider
from .oidc import claims
from .oidc.backchannel_logout import LogoutDelivery
from .oidc.consent import Consents
from .oidc.encryption import ResponseEncryption
from .oidc.id_token import SCOPE, IdTokens
from .oidc.rp_initiated_logout import EndSession
from .oidc.subject import Subjects
from .oidc.userinfo import UserInfoAnswers
from .roles import RoleGroups
from .services import Administration, Services
from .sessions.interaction import Interactions
from .sessions.single_sign_on import SessionLimits, Sessions
from .settings import OF_THE_HOUSE, Settings, load, read_secret
from .web import api
from .worker import Worker

ROOT = Path(__file__).resolve().parents[1]
AFTERWARDS_SECONDS = 0.2
"""How long the log line and the count of an answer may wait for others."""
STARTING = Caller(source="start", request_id="start")
_BIND_PASSWORD = "Put the password of the service account in the directory into it, mode 0600."
_METRICS_TOKEN = "Put a random value into it, mode 0600, or leave IDP_METRICS_TOKEN_FILE out."


def create_app(settings: Settings | None = None, *, serve: bool = True, directory: Directory | None = None,
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
    cli.register(app, build, lambda: settings, make_keys=KeyFolder(settings.keys_dir).make, make_worker=Worker,
                 secret_files=_secret_files)
    if serve:
        _mount(app, settings, build())
    return app


def _unfit(refusal: ConfigurationError, clock: Clock) -> Flask:
    """Make an application of commands alone, while the settings are wrong: ``doctor`` says what is, all others refuse."""
    def refuse() -> NoReturn:
        raise refusal

    json_log.configure("INFO", clock)
    app = Flask("idp", root_path=str(ROOT / "idp"), static_folder=None)
    cli.register(app, refuse, refuse, make_keys=refuse, make_worker=Worker, secret_files=_secret_files)
    return app


def build_services(settings: Settings, *, directory: Directory | None = None, clock: Clock | None = None) -> Services:
    """Build every adapter and room of one deployment.

    Raises:
        ConfigurationError: a key, secret or certificate file is missing or unsafe.
    """
    clock = clock or SystemClock()
    folder = KeyFolder(settings.keys_dir)
    folder.check()
    sealer = folder.sealer()
    database = Database(settings.database_url, pool_size=settings.database_pool_size)
    audit = SqlAuditTrail(database)
    mirror = SqlOfficers(database)
    grants = SqlGrants(database)
    outbox = SqlOutbox(database)
    keys = KeyRing(SqlKeyStore(database), sealer, clock, token=key_token(settings, clock),
                   new_in_token=settings.signing_keys == "pkcs11", rotation_seconds=settings.signing_key_rotation_days * 86400)
    client_store = SqlClientStore(database)
    clients = ClientRegistry(client_store, clock)
    seal_store = SqlSealStore(database)
    policy = RegistrationPolicy(development=settings.development, acr_prefix=settings.acr_prefix, highest_level=HIGHEST_OFFERED,
                                front_channel=settings.legacy_response_types)
    totp = Totp(SqlTotpStore(database), sealer, clock)
    people = directory or ldap_directory(settings)
    guesses = SqlGuessCounter(database)
    subjects = Subjects(sealer.derive("pairwise subjects"))
    tokens = AccessTokens(issuer=settings.issuer, keys=keys, clock=clock, acr_prefix=settings.acr_prefix, subject_of=subjects.of,
                          lifetime_seconds=settings.access_token_lifetime_seconds)
    outbound = Outbound(development=settings.development, allow=settings.outbound_allow)
    client_keys = ClientKeys(outbound.document, clock)
    encryption = ResponseEncryption(client_keys)
    id_tokens = IdTokens(issuer=settings.issuer, keys=keys, subjects=subjects, clock=clock, acr_prefix=settings.acr_prefix,
                         claims_of=claims.IdTokenClaims(mirror), encryption=encryption)
    lifetimes = Lifetimes(code_seconds=settings.code_lifetime_seconds, session_idle_seconds=settings.idle_limit_seconds,
                          refresh_token_seconds=settings.refresh_token_lifetime_seconds,
                          refresh_grace_seconds=settings.refresh_grace_seconds)
    seen, token_endpoint = SqlSeenOnce(database), settings.issuer + Paths().token
    assertions = ClientAssertions(issuer=settings.issuer, token_endpoint=token_endpoint, keys=client_keys, seen=seen, clock=clock)
    nonces = Nonces(folder.session_key().encode(), clock, required=settings.dpop_nonce_required)
    proofs = Proofs(seen, nonces, clock)
    assurance = AssurancePolicy(settings.acr_prefix, frozenset(settings.require_second_factor_groups))
    checks = Checks(assertions, client_keys, client_authorities(settings), bool(settings.mtls_origin), clock)
    provider = Provider(issuer=settings.issuer, registry=clients, store=grants, tokens=tokens, keys=keys, clock=clock,
                        lifetimes=lifetimes, assurance=assurance, checks=checks, proofs=proofs,
                        officer_scopes=frozenset({*claims.SCOPES, SCOPE, "offline_access"}),
                        token_endpoints=routes.addresses(settings, Paths().token),
                        read_hint=id_tokens.subject_of_hint, extensions=[id_tokens],
                        response_types=response.offered(front_channel=settings.legacy_response_types))
    sectors = Sectors(outbound.document)
    issuers = read_software_issuers(settings.software_issuers_file)
    initial_access = InitialAccess(SqlInitialAccess(database), audit, clock, policy, software_issuers=issuers)
    desk = Desk(store=SqlRegistrations(database), initial_access=initial_access, registry=clients, clock=clock, policy=policy,
                sectors=sectors, statements=SoftwareStatements(issuers, clock),
                address=settings.issuer + Paths().registration)
    groups = RoleGroups(province=settings.ldap_province_administrators_group, agency=settings.ldap_administrators_group,
                        auditors=settings.ldap_auditors_group)
    administration = Administration(
        access=Access(tokens, SqlAdministrationTokens(database), clients, clock, assurance, Holders(proofs), groups=groups,
                      idle_limit_seconds=settings.idle_limit_seconds, resource=settings.issuer + Paths().administration,
                      counter=guesses),
        clients=ClientAdministration(SqlClientEntries(database), client_store, clients, sectors, policy, clock,
                                     address=settings.issuer + Paths().registration),
        initial_access=InitialAccessAdministration(initial_access, clock),
        grants=GrantAdministration(SqlGrantPages(database), grants, mirror, clients, assurance, groups, clock),
        keys=KeyAdministration(keys, clock))
    return Services(
        settings=settings, clock=clock, sealer=sealer, audit=audit, mirror=mirror, directory=people, keys=keys, clients=clients,
        totp=totp, provider=provider, outbox=outbox,
        audit_chain=AuditChain(seal_store, Es256SealSigner(folder.audit_seal_key(), settings.keys_dir),
                               FileSealHeads(settings.keys_dir / HEADS), clock),
        audit_store=seal_store, audit_reader=SqlAuditReader(database),
        registrar=Registrar(client_store, clients, folder.client_secrets(), clock, policy, sectors),
        initial_access=initial_access, dynamic_registration=DynamicRegistration(desk),
        client_configuration=ClientConfiguration(desk),
        sign_in=SignIn(people, mirror, totp, audit, clock, mail_domain=settings.ldap_mail_domain,
                       passwords=Lockout(guesses, clock, Limits(source=Rule(settings.sign_in_source_failures))),
                       factors=Lockout(guesses, clock, FACTOR_LIMITS, kind="factor")),
        assurance=assurance,
        sessions=Sessions(SqlSessions(database), clock,
                          SessionLimits(settings.idle_limit_seconds, settings.absolute_limit_seconds)),
        interactions=Interactions(SqlInteractions(database), clock, settings.interaction_lifetime_seconds),
        consents=Consents(SqlConsents(database), audit, clock),
        introspection=Introspection(provider, subject_of=subjects.of, acr_prefix=settings.acr_prefix),
        userinfo=UserInfoAnswers(claims.UserInfo(tokens, grants, clients, clock, assurance, Holders(proofs), subjects=subjects),
                                 issuer=settings.issuer, keys=keys, encryption=encryption),
        administration=administration, subjects=subjects,
        end_session=EndSession(clients, id_tokens.read_hint),
        logout_delivery=LogoutDelivery(outbox, outbound, clients, keys, clock, subjects=subjects, encryption=encryption,
                                       issuer=settings.issuer, lifetime_seconds=settings.logout_token_lifetime_seconds),
        housekeeping=SqlHousekeeping(database), pulse=SqlPulse(database),
        ping_database=database.ping, prepare_database=database.prepare,
        schema_state=lambda: schema.state(settings.database_url),
        read_client_files=ClientFiles().read)


def client_authorities(settings: Settings) -> CertificateAuthorities:
    """Read the authorities whose certificates authenticate applications.

    Raises:
        ConfigurationError: the file cannot be read, or holds no certificates.
    """
    if settings.tls_client_ca_file is None:
        return CertificateAuthorities()
    try:
        return CertificateAuthorities(load_pem_x509_certificates(settings.tls_client_ca_file.read_bytes()))
    except (OSError, ValueError) as err:
        raise ConfigurationError(f"IDP_TLS_CLIENT_CA_FILE: {settings.tls_client_ca_file} holds no certificates.",
                                 remedy="Put the certificates of the authorities there, in PEM.") from err


def _secret_files(settings: Settings) -> Mapping[Path, str]:
    """Give every file of this deployment that holds a secret, and what to do when it is not there."""
    files = dict.fromkeys(KeyFolder(settings.keys_dir).secret_files(), OF_THE_HOUSE) | {
        settings.ldap_bind_password_file: _BIND_PASSWORD}
    return files if settings.metrics_token_file is None else files | {settings.metrics_token_file: _METRICS_TOKEN}


def key_token(settings: Settings, clock: Clock) -> KeyToken | None:
    """Build the token that keeps signing keys, where one is configured; nothing is asked of it yet.

    Raises:
        ConfigurationError: the optional package for PKCS #11 is not installed.
    """
    if settings.pkcs11_module is None:
        return None
    try:
        from .adapters.pkcs11_keys import Pkcs11Keys
    except ImportError as err:
        raise ConfigurationError("The package python-pkcs11 is not installed.", debug=str(err),
                                 remedy="Run: .venv/bin/pip install --require-hashes -r requirements/pkcs11.txt") from err
    return Pkcs11Keys(settings.pkcs11_module, settings.pkcs11_token_label, lambda: read_secret(settings.pkcs11_pin_file), clock)


def ldap_directory(settings: Settings) -> Directory:
    """Build the LDAP directory of the settings; nothing is asked of it yet.

    Raises:
        ConfigurationError: the file with the password of the service account is missing or unsafe.
    """
    def password() -> str:
        return read_secret(settings.ldap_bind_password_file, _BIND_PASSWORD)

    password()  # what is wrong with it is said at the start, not as an outage of the directory at the first sign-in
    servers = ServerList(
        servers_of(settings.ldap_uri, ca_file=settings.ldap_ca_file, development=settings.development),
        bind_dn=settings.ldap_bind_dn, bind_password=password,
        timing=Timing(connect=settings.ldap_connect_timeout_seconds, operation=settings.ldap_operation_timeout_seconds),
        pool_size=settings.ldap_pool_size)
    return LdapDirectory(
        servers, base_dn=settings.ldap_base_dn, people_filter=settings.ldap_people_filter, decoy_dn=settings.ldap_decoy_dn,
        administrators=settings.ldap_administrators_group, concurrency=settings.login_concurrency,
        floor_seconds=settings.login_floor_milliseconds / 1000)


def _mount(app: Flask, settings: Settings, services: Services) -> None:
    """Check that this deployment is fit to serve, then mount both doors."""
    if services.schema_state() in {"empty", "behind"}:
        raise ConfigurationError("The database lacks migrations.", remedy="Run: flask --app wsgi db upgrade")
    services.prepare_database()
    services.keys.ensure(STARTING)
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


def _once(build: Callable[[], Services]) -> Callable[[], Services]:
    """Build at the first call and give the same afterwards."""
    lock, built = threading.Lock(), list[Services]()

    def get() -> Services:
        with lock:
            if not built:
                built.append(build())
            return built[0]

    return get
