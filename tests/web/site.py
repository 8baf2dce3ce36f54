"""The pages over real rooms and a database, with a directory in memory and a browser that follows forms."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from html import unescape
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
from cryptography import x509
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.adapters import notice_file
from idp.adapters.sql.announcements import SqlAnnouncements
from idp.adapters.sql.authn.certificates import SqlCertificates
from idp.adapters.sql.authn.devices import SqlDevices
from idp.adapters.sql.authn.first_factors import SqlFactorDemands
from idp.adapters.sql.authn.mobile_id import SqlSimLogins
from idp.adapters.sql.authn.one_time_password import SqlOneTimePasswords
from idp.adapters.sql.authn.passkeys import SqlPasskeys
from idp.adapters.sql.authn.recoveries import SqlRecoveries
from idp.adapters.sql.authn.recovery_codes import SqlRecoveryCodes
from idp.adapters.sql.authn.remembered import SqlRememberedDevices
from idp.adapters.sql.authn.temporary_pass import SqlTemporaryPasses
from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.authn.totp import SqlTotpStore
from idp.adapters.sql.consents import SqlConsents
from idp.adapters.sql.database import Database
from idp.adapters.sql.deferred import SqlDeferred
from idp.adapters.sql.directory.access import SqlAccess
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.interactions import SqlInteractions
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.oauth import SqlGrants
from idp.adapters.sql.operation.seen_once import SqlSeenOnce
from idp.adapters.sql.own_data import SqlOwnData
from idp.adapters.sql.personal_data import SqlReadings
from idp.adapters.sql.pki.devices import SqlDevices as KeyDevices
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.adapters.sql.post_choices import SqlPostChoices
from idp.adapters.sql.pushed_requests import SqlPushedRequests
from idp.adapters.sql.sessions import SqlSessions
from idp.adapters.sql.tables import AuditRow, OutboxRow, TotpEnrolmentRow
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.adapters.sql.trail.search import SqlAuditSearch
from idp.administration.audit.readings import OwnReadings
from idp.administration.own.data import OwnData
from idp.app.assurance import assurance_policy, first_factor_rules, pause_of
from idp.audit import Caller
from idp.authn.client_certificate import ClientCertificates
from idp.authn.freshness import Freshness
from idp.authn.lockout import FACTOR_LIMITS, PASSWORD_LIMITS, Lockout
from idp.authn.mobile_id import MobileId
from idp.authn.networks import read_networks
from idp.authn.one_time_password import OneTimePasswords
from idp.authn.passkeys import Passkeys
from idp.authn.password_notice import PasswordNotices
from idp.authn.recovery_codes import RecoveryCodes
from idp.authn.second_factor import SecondFactors
from idp.authn.sign_in import SignIn
from idp.authn.sign_in.certificate import CertificateSignIn
from idp.authn.sign_in.forgotten import REQUEST_LIMITS, ForgottenPasswords
from idp.authn.sign_in.passkey import PasskeySignIn
from idp.authn.sign_in.temporary_pass import TemporaryPasses
from idp.authn.totp import Totp
from idp.authn.webauthn import RelyingParty
from idp.directory.deprovisioning import Deprovisioning
from idp.directory.mirror import MirroredOfficer
from idp.jose.keyset import KeyRing
from idp.notices import Notices
from idp.notices.announcements import Announcements
from idp.notices.personal_data import PersonalDataNotice
from idp.oauth import response
from idp.oauth.client import Client, ClientRegistry, secret_digest
from idp.oauth.deferred.approvals import Approvals
from idp.oauth.deferred.device_authorization import CODE_LIMITS, DeviceAuthorization
from idp.oauth.provider_request import ProviderRequest
from idp.oauth.requests import public_clients, signing_details
from idp.oauth.requests.public_clients import DEVICE_LIMITS, PUSH_LIMITS
from idp.oauth.requests.pushed_authorization import PushedRequests
from idp.oauth.requests.request_object import RequestObjects
from idp.oauth.server import Lifetimes, Provider
from idp.oauth.tokens.access_token import AccessTokens
from idp.oidc.acting_post import ActingPosts
from idp.oidc.claims import IdTokenClaims
from idp.oidc.consent import Consents
from idp.oidc.id_token import IdTokens
from idp.oidc.rp_initiated_logout import EndSession
from idp.pki.enrollment.custody import Custody, WithinItsTime
from idp.pki.enrollment.desk import Desk
from idp.pki.enrollment.ending import Ending
from idp.pki.enrollment.moves import Moves
from idp.pki.enrollment.self_service import OwnCertificates
from idp.pki.enrollment.working_days import WorkingDays
from idp.pki.path_validation import CertificateAuthorities, RevocationStatus
from idp.roles import RoleGroups
from idp.sessions.devices import Devices
from idp.sessions.interaction import Interactions
from idp.sessions.remembered import RememberedDevices
from idp.sessions.single_sign_on import SessionLimits, Sessions
from idp.settings import Settings
from idp.web import register
from tests.fakes.certificates import root
from tests.fakes.client_keys import checks, keys_by_value, proofs, response_encryption
from tests.fakes.client_store import FakeClientStore
from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, FakeDirectory, make_officer
from tests.fakes.key_store import FakeKeyStore
from tests.fakes.sealer import FakeSealer
from tests.fakes.subjects import SUBJECTS
from tests.pages.catalogue import ROOT, compile_missing

ISSUER = "http://localhost:8000"
CALLBACK = "http://localhost:8001/oidc/callback"
SEED = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()

QLVB = Client(
    client_id="qlvb", client_name="Hệ thống Quản lý văn bản", client_uri="http://localhost:8001/", redirect_uris=(CALLBACK,),
    grant_types=("authorization_code", "refresh_token"),
    scope=frozenset({"openid", "profile", "email", "unit", "offline_access"}),
    post_logout_redirect_uris=("http://localhost:8001/goodbye",), owner="Văn phòng UBND tỉnh", consent="implied",
    backchannel_logout_uri="http://localhost:8001/oidc/backchannel-logout", secret_digest=secret_digest("s3cret"))
PORTAL = replace(QLVB, client_id="cong", client_name="Cổng thông tin điện tử", client_uri="http://localhost:8002/",
                 initiate_login_uri="http://localhost:8002/login", redirect_uris=("http://localhost:8002/cb",),
                 post_logout_redirect_uris=("http://localhost:8002/out",), backchannel_logout_uri="")
SURVEY = replace(QLVB, client_id="khaosat", client_name="Khảo sát công vụ", consent="ask", redirect_uris=("http://localhost:8003/cb",),
                 client_uri="http://localhost:8003/")
STRICT = replace(QLVB, client_id="taichinh", client_name="Tài chính", required_acr="urn:haugiang:acr:2", required_level=2)
LEADERS = replace(QLVB, client_id="lanhdao", client_name="Điều hành", allowed_groups=frozenset({"lanhdao"}))


@cache
def signing_keys() -> KeyRing:
    """Make signing keys once for all tests; an RSA key takes longer than a whole sign-in."""
    keys = KeyRing(FakeKeyStore(), FakeSealer(), FakeClock())
    keys.ensure(Caller("cli", "test"))
    return keys


_NO_DEPUTIES = SimpleNamespace(of=lambda _sub: [], role=lambda _sub: None)


class RevocationSaid:
    """What the authorities have said of every certificate."""

    def __init__(self) -> None:
        self.said: RevocationStatus = "good"

    def status(self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime) -> RevocationStatus:
        return self.said

    def state(self, moment: datetime) -> dict[str, int]:
        return {"lists": 1, "out_of_date": 0, "unreadable": 0}


class Site:
    """Everything behind the pages."""

    def __init__(self, database: Database, *, sims: bool = False, **settings: Any) -> None:
        compile_missing()
        self.database, self.clock = database, FakeClock()
        self.settings = Settings(**{"env": "development", "issuer": ISSUER, **settings})
        self.directory = FakeDirectory([
            make_officer("canbo", "Nguyễn Văn Mẫu"), make_officer("vanthu", "Lê Thị Thử"),
            make_officer("lanhdao", "Trần Văn Lãnh", groups=("lanhdao",)), make_officer("nghiviec"), make_officer("doimatkhau"),
            make_officer("hethan"), make_officer("saphet"),
        ], must_change=["doimatkhau"], disabled=["nghiviec"], expired={"hethan": 0, "saphet": 3})
        self.client_store = FakeClientStore(QLVB, PORTAL, SURVEY, STRICT, LEADERS)
        clients, keys, audit = ClientRegistry(self.client_store, self.clock), signing_keys(), SqlAuditTrail(database)
        self.mirror = SqlOfficers(database, self.clock)
        self.deprovisioning = Deprovisioning(SqlAccess(database), self.mirror, self.clock)
        id_tokens = IdTokens(issuer=self.settings.issuer, keys=keys, subjects=SUBJECTS, clock=self.clock,
                             acr_prefix=self.settings.acr_prefix, claims_of=IdTokenClaims(self.mirror),
                             encryption=response_encryption(self.clock))
        self.totp = Totp(SqlTotpStore(database), FakeSealer(), self.clock)
        self.one_time = OneTimePasswords(SqlOneTimePasswords(database), self.clock, lifetime_seconds=86400)
        counter, self.demands = SqlGuessCounter(database), SqlFactorDemands(database)
        self.passkeys = Passkeys(SqlPasskeys(database), RelyingParty(
            self.settings.passkey_domain, self.settings.issuer, "Đăng nhập một lần"), self.clock)
        factor_limits = replace(FACTOR_LIMITS, pause=(pause := pause_of(self.settings)))
        passkey_limits = Lockout(counter, self.clock, factor_limits, kind="passkey")
        self.recovery_codes = RecoveryCodes(SqlRecoveryCodes(database), b"k" * 32, self.clock)
        self.mobile_id, self.revocation_lists = MobileId(SqlSimLogins(database), self.mirror, self.clock), RevocationSaid()
        self.certificates = ClientCertificates(SqlCertificates(database), CertificateAuthorities(
            [root().certificate] if self.settings.certificate_origin else []), self.revocation_lists, FakeSealer(), self.clock)
        networks, code_limits = read_networks(self.settings.networks), Lockout(
            counter, self.clock, factor_limits, kind="enrolment_code")
        factors = SecondFactors([(self.passkeys, passkey_limits),
                                 (self.totp, Lockout(counter, self.clock, factor_limits, kind="factor")),
                                 (self.certificates, Lockout(counter, self.clock, factor_limits, kind="certificate")),
                                 (self.mobile_id, Lockout(counter, self.clock, FACTOR_LIMITS, kind="sim")),
                                 (self.recovery_codes, Lockout(counter, self.clock, factor_limits, kind="recovery"))],
                                audit, self.clock, frozen_until=self.deprovisioning.frozen_until, also=[code_limits],
                                before_removal=lambda entry_uuid: self.demands.end(entry_uuid, self.clock.now()))
        self.sessions = Sessions(SqlSessions(database), self.clock, SessionLimits(
            idle_seconds=self.settings.idle_limit_seconds, absolute_seconds=self.settings.absolute_limit_seconds))
        first_factors = first_factor_rules(self.settings, networks, factors, self.demands, code_limits, database, b"e" * 32,
                                           self.clock)
        self.enrolment_codes = first_factors.codes
        self.temporary_passes = TemporaryPasses(SqlTemporaryPasses(database), Lockout(
            counter, self.clock, factor_limits, kind="temporary_pass"), audit, self.clock, key=b"t" * 32)
        assurance = assurance_policy(self.settings, networks, administrators=RoleGroups().names, grace_over=self.demands.over_of,
                                     highest=3 if self.settings.certificate_origin or sims else 2)
        deferred = SqlDeferred(database)
        self.provider = Provider(
            issuer=self.settings.issuer, registry=clients, store=SqlGrants(database, self.clock), deferred=deferred,
            clock=self.clock,
            lifetimes=Lifetimes(), keys=keys, response_types=response.offered(front_channel=self.settings.legacy_response_types),
            tokens=AccessTokens(issuer=self.settings.issuer, keys=keys, clock=self.clock, lifetime_seconds=600,
                                subject_of=SUBJECTS.of, acr_prefix=self.settings.acr_prefix),
            assurance=assurance, checks=checks(self.settings.issuer, self.clock), proofs=proofs(self.clock),
            pushed=PushedRequests(SqlPushedRequests(database), self.clock, public=public_clients.of_pushed(
                Lockout(counter, self.clock, PUSH_LIMITS, kind="push"), SqlGrants(database), self.clock)),
            pushing_endpoints=(f"{self.settings.issuer}/par",),
            objects=RequestObjects(self.settings.issuer, keys_by_value(self.clock), self.clock, decrypt=str),
            token_endpoints=(f"{self.settings.issuer}/token",), officer_scopes=frozenset({"openid", "profile", "credential"}),
            read_hint=id_tokens.subject_of_hint, extensions=(id_tokens,),
            details_types={self.settings.authorization_details_prefix + signing_details.NAME: signing_details.SigningDetails(),
                           "credential": signing_details.SigningDetails(most=3)})
        self.known_devices = Devices(SqlDevices(database), networks, self.clock)
        self.remembered_devices = RememberedDevices(
            SqlRememberedDevices(database), self.clock, days=self.settings.remember_device_days)
        self.told = Notices(SqlNotices(database), self.clock)
        approvals = Approvals(deferred, self.provider)
        self.devices = DeviceAuthorization(
            self.provider, approvals, verification_uri=f"{self.settings.issuer}/device", lifetime_seconds=600,
            typed=Lockout(counter, self.clock, replace(CODE_LIMITS, pause=pause), kind="user_code"),
            requests=public_clients.of_devices(
                Lockout(counter, self.clock, DEVICE_LIMITS, kind="device_request"), SqlGrants(database), self.clock))
        moves = Moves(SqlEnrollments(database), self.clock, WorkingDays(), KeyDevices(database))
        self.desk = Desk(moves, self.mirror, FakeSealer(), b"k" * 32)
        self.custody, self.ending = Custody(moves, self.desk, WithinItsTime(self.clock)), Ending(moves, self.mirror)
        self.own_certificates = OwnCertificates(self.desk, self.custody, self.ending, self.mirror, lambda _certificate: ())
        self.services: Any = SimpleNamespace(
            # The console has an office of its own: test_console.py.
            administration=SimpleNamespace(audit=None, audit_exports=None, console=SimpleNamespace(knows=lambda _: False),
                                           people=SimpleNamespace(agencies=None, holders=None, deputies=_NO_DEPUTIES),
                                           enrollments=None, devices=None, expiry=None, renewals=None, tasks=None, clients=None,
                                           announcements=None, jobs=None,
                                           onboarding=None, application_access=None, keys=None, deliveries=None,
                                           rollout=None, rollout_reports=None, campaign_reminding=None,
                                           campaign_files=None, accounts=None),
            remote_signing=None, mobile_signatures=None, phone_approvals=None, counter=counter,
            settings=self.settings, clock=self.clock, database=database, keys=keys, clients=clients, provider=self.provider,
            approvals=approvals, devices=self.devices, notices=self.told, known_devices=self.known_devices,
            own_data=OwnData(SqlOwnData(database), OwnReadings(SqlAuditSearch(database, self.clock), self.mirror),
                             self.told, self.clock),
            personal_data=PersonalDataNotice(notice_file.read(self.settings.personal_data_notice_file), SqlReadings(database),
                                             self.clock),
            announcements=Announcements(SqlAnnouncements(database), self.clock),
            remembered_devices=self.remembered_devices,
            sessions=self.sessions, deprovisioning=self.deprovisioning, audit=audit, mirror=self.mirror,
            directory=self.directory, totp=self.totp,
            certificates=self.certificates, certificate_sign_in=CertificateSignIn(
                self.certificates, factors, self.directory, self.mirror, audit, self.clock),
            passkeys=self.passkeys, mobile_id=self.mobile_id, passkey_sign_in=PasskeySignIn(
                self.passkeys, self.directory, self.mirror, audit, self.clock, limits=passkey_limits,
                frozen=factors.frozen),
            recovery_codes=self.recovery_codes, second_factors=factors,
            first_factors=first_factors, temporary_passes=self.temporary_passes,
            freshness=Freshness(factors, self.clock, self.settings.fresh_authentication_seconds),
            interactions=Interactions(SqlInteractions(database), self.clock, self.settings.interaction_lifetime_seconds),
            acting_posts=ActingPosts(SqlPostChoices(database), self.clock),
            consents=Consents(SqlConsents(database), audit, self.clock),
            sign_in=SignIn(self.directory, self.mirror, audit, self.clock, mail_domain="haugiang.gov.vn",
                           one_time=self.one_time, notices=self.told, devices=SqlDevices(database).marks,
                           passwords=Lockout(counter, self.clock, replace(PASSWORD_LIMITS, pause=pause)), factors=factors),
            password_notices=PasswordNotices(SqlSeenOnce(database), self.clock, days=self.settings.password_notice_days),
            assurance=assurance,
            own_certificates=self.own_certificates, subjects=SUBJECTS, end_session=EndSession(clients, id_tokens.read_hint))
        self.services.forgotten_passwords = self.forgotten = ForgottenPasswords(
            SqlRecoveries(database), self.directory, self.mirror, factors, self.one_time,
            Lockout(counter, self.clock, REQUEST_LIMITS, kind="forgotten"), self.told, audit, self.clock, key=b"k" * 32,
            mail_domain="haugiang.gov.vn", afterwards=self._password_is_another, offered=self.settings.password_recovery)
        self.app = Flask("idp", template_folder=str(ROOT / "templates"), static_folder=None)
        self.app.secret_key = "k" * 32
        register(self.app, self.services)

    def _password_is_another(self, officer: MirroredOfficer, caller: Caller) -> None:
        self.services.interactions.forget_officer(officer.officer.entry_uuid)
        self.deprovisioning.end_access(officer.sub, "password_changed", caller)

    def enrol(self, uid: str) -> None:
        """Give an officer an authenticator app with SEED."""
        entry_uuid = next(o.entry_uuid for o in self.directory.officers.values() if o.uid == uid)
        self.totp.enrol(entry_uuid, SEED)

    def app_begun(self, entry_uuid: str) -> bool:
        """Tell whether an app is being enrolled for an officer, in whatever browser."""
        table: Any = TotpEnrolmentRow.__table__
        return entry_uuid in {row.entry_uuid for row in self.database.read(select(table.c.entry_uuid)).all()}

    def enrolment_code(self, uid: str) -> str:
        """Give an officer a code for a first factor, as an administrator."""
        self.mirror.remember(self.directory.officers[uid], now=self.clock.now())
        officer = self.mirror.by_uid(uid)
        assert officer is not None
        return self.enrolment_codes.give(officer, Caller("10.0.0.1", "r", officer="admin")).code

    def sub(self, uid: str) -> str:
        """Give an officer's subject."""
        mirrored = self.mirror.by_uid(uid)
        assert mirrored is not None
        return mirrored.sub

    def otp(self, *, ahead: int = 0) -> str:
        """Give the code of SEED that is due now."""
        return pyotp.TOTP(SEED).at(self.clock.now() + ahead)

    def browser(self, **headers: str) -> Browser:
        """Open a browser with no cookies."""
        return Browser(self, headers)

    def events(self) -> list[str]:
        """Name the audit events, oldest first, but those of the mirror: the officers of a test join it too."""
        mirrored = AuditRow.event.like("officer.%")
        return [row.event for row in self.database.read(select(AuditRow.event).where(~mirrored).order_by(AuditRow.id)).all()]

    def last_detail(self) -> dict[str, Any]:
        """Give the detail of the newest audit record."""
        row = self.database.read(select(AuditRow.detail).order_by(AuditRow.id.desc())).one()
        assert row is not None
        return dict(json.loads(row.detail))

    def notices(self) -> list[str]:
        """Name the receivers of queued logout tokens."""
        return sorted(row.receiver for row in self.database.read(
            select(OutboxRow.receiver).where(OutboxRow.kind == "backchannel_logout")).all())

    def tokens(self, location: str, client: Client = QLVB) -> dict[str, Any]:
        """Redeem the code of a redirect."""
        query = query_of(location)
        form = {"grant_type": "authorization_code", "code": query["code"], "redirect_uri": client.redirect_uris[0],
                "code_verifier": VERIFIER}
        basic = "Basic " + base64.b64encode(f"{client.client_id}:s3cret".encode()).decode()
        answer = self.provider.token(ProviderRequest(form, caller=Caller("192.0.2.9", "r"), authorization=basic))
        assert answer.status == 200, answer.body
        return dict(answer.body)

    def id_token_claims(self, id_token: str) -> dict[str, Any]:
        """Read an ID token without checking it."""
        payload = id_token.split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


class Browser:
    """A browser: keeps cookies, reads forms, follows our own redirects only when asked."""

    def __init__(self, site: Site, headers: dict[str, str]) -> None:
        self.site = site
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.client: FlaskClient = site.app.test_client()

    def get(self, url: str, **headers: str) -> TestResponse:
        return self.client.get(url, base_url=self.site.settings.issuer, headers={**self.headers, **headers})

    def post(self, url: str, data: Mapping[str, Any] | None = None, **headers: str) -> TestResponse:
        return self.client.post(url, data=data or {}, base_url=self.site.settings.issuer, headers={**self.headers, **headers})

    def follow(self, response: TestResponse) -> TestResponse:
        """Follow redirects as long as they stay on our host."""
        for _ in range(10):
            location = response.headers.get("Location")
            if response.status_code != 303 or location is None or not location.startswith("/"):
                return response
            response = self.get(location)
        raise AssertionError("redirects do not end")

    def submit(self, page: TestResponse, **fields: str) -> TestResponse:
        """Send the one form of a page with its hidden fields and these."""
        action, hidden = form_of(page)
        return self.post(action, {**hidden, **fields})

    def authorize(self, client: Client = QLVB, *, follow: bool = True, **more: Any) -> TestResponse:
        """Come from an application."""
        response = self.get(authorize_url(client, **more))
        return self.follow(response) if follow else response

    def sign_in(self, client: Client = QLVB, uid: str = "canbo", password: str = PASSWORD, **more: Any) -> TestResponse:
        """Come from an application and give name and password."""
        return self.submit(self.authorize(client, **more), username=uid, password=password)

    def sso(self) -> str | None:
        """Give the session cookie's value."""
        cookie = self.client.get_cookie("__Host-sso" if self.site.settings.secure else "sso")
        return cookie.value if cookie is not None and cookie.value else None


def authorize_url(client: Client = QLVB, **more: Any) -> str:
    parameters = {"client_id": client.client_id, "redirect_uri": client.redirect_uris[0], "response_type": "code",
                  "scope": "openid profile", "state": "st-1", "nonce": "n-1", "code_challenge": CHALLENGE,
                  "code_challenge_method": "S256", **more}
    return "/authorize?" + urlencode({name: value for name, value in parameters.items() if value is not None})


def form_of(page: TestResponse) -> tuple[str, dict[str, str]]:
    """Read the first form of a page: where it goes and its hidden fields."""
    form = re.search(r'<form (?:class="[^"]*" )?method="post" action="([^"]*)"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    assert form is not None, (page.status_code, page.headers.get("Location"), page.text[:2000])
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[2])
    return unescape(form[1]), {unescape(name): unescape(value) for name, value in hidden}


def query_of(location: str) -> dict[str, str]:
    """Read the query of a redirect; every name once."""
    found = parse_qs(urlsplit(location).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}
