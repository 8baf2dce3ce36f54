"""How a deployment is put together: every adapter is built here and handed to its room. Nothing else builds one.

What a deployment lacks is said as a ConfigurationError, in one sentence with its remedy.
"""

from __future__ import annotations

from functools import partial

from ..adapters.break_glass_file import NAME as CREDENTIAL
from ..adapters.break_glass_file import BreakGlassFile
from ..adapters.client_files import ClientFiles, read_assertion_issuers, read_software_issuers
from ..adapters.key_files import KeyFolder, write_once
from ..adapters.outbound import Outbound, Recorded
from ..adapters.seal_files import HEADS, Es256SealSigner, FileSealHeads
from ..adapters.sql import schema
from ..adapters.sql.administration import SqlAdministrationTokens, SqlClientEntries, SqlGrantPages
from ..adapters.sql.authn.devices import SqlDevices
from ..adapters.sql.authn.one_time_password import SqlOneTimePasswords
from ..adapters.sql.authn.recoveries import SqlRecoveries
from ..adapters.sql.authn.remembered import SqlRememberedDevices
from ..adapters.sql.authn.throttle import SqlGuessCounter
from ..adapters.sql.authn.without_factor import SqlWithoutFactor
from ..adapters.sql.client_steps import SqlClientSteps
from ..adapters.sql.clients import SqlClientStore
from ..adapters.sql.database import Database
from ..adapters.sql.deferred import SqlDeferred
from ..adapters.sql.directory.access import SqlAccess
from ..adapters.sql.directory.deputies import SqlDeputies
from ..adapters.sql.directory.officers import SqlOfficers
from ..adapters.sql.directory.search import SqlOfficerSearch
from ..adapters.sql.directory.tasks import SqlTasks
from ..adapters.sql.housekeeping import SqlHousekeeping, SqlPulse
from ..adapters.sql.interactions import SqlInteractions
from ..adapters.sql.keys import SqlKeyStore
from ..adapters.sql.notices import SqlNotices
from ..adapters.sql.oauth import SqlGrants
from ..adapters.sql.operation.seen_once import SqlSeenOnce
from ..adapters.sql.outbox import SqlMail, SqlOutbox, SqlPings
from ..adapters.sql.post_choices import SqlPostChoices
from ..adapters.sql.pushed_requests import SqlPushedRequests
from ..adapters.sql.registrations import SqlInitialAccess, SqlRegistrations
from ..adapters.sql.sessions import SqlSessions
from ..adapters.sql.trail.records import SqlAuditTrail
from ..adapters.sql.trail.seals import SqlAuditReader, SqlSealStore
from ..administration.access import Access
from ..administration.applications.onboarding import Onboarding
from ..administration.audit.actors import Actors
from ..administration.clients import ClientAdministration
from ..administration.factors import FactorAdministration
from ..administration.grants import GrantAdministration
from ..administration.initial_access import InitialAccessAdministration
from ..administration.keys import KeyAdministration
from ..administration.mirror import MirrorAdministration
from ..administration.officers import OfficerAdministration
from ..administration.password_reset import PasswordResets
from ..administration.people.officers import Around
from ..administration.tasks import TaskAdministration
from ..audit import Caller
from ..audit.chain import AuditChain
from ..authn.assurance import CERTIFICATE, TWO_FACTORS
from ..authn.break_glass import LIMITS as BREAK_GLASS_LIMITS
from ..authn.break_glass import BreakGlass
from ..authn.freshness import Freshness
from ..authn.lockout import Limits, Lockout, Rule
from ..authn.one_time_password import OneTimePasswords
from ..authn.password_notice import PasswordNotices
from ..authn.sign_in import SignIn
from ..authn.sign_in.certificate import CertificateSignIn
from ..authn.sign_in.forgotten import REQUEST_LIMITS, ForgottenPasswords
from ..authn.sign_in.passkey import PasskeySignIn
from ..clock import Clock, SystemClock
from ..directory.aftermath import Several
from ..directory.deprovisioning import Deprovisioning
from ..directory.feed import Changes
from ..directory.mirror import MirroredOfficer
from ..endpoints import routes
from ..jose.encryption_keys import EncryptionKeys
from ..jose.keyset import KeyRing
from ..notices import Notices
from ..notices.contact import ContactChanges
from ..notices.mail import MailDelivery
from ..oauth import response
from ..oauth.backchannel.authentication import HINT_LIMITS, BackchannelAuthentication
from ..oauth.backchannel.officers import HintedOfficers
from ..oauth.backchannel.ping import PingDelivery
from ..oauth.backchannel.signed_request import SignedRequests
from ..oauth.client import ClientRegistry
from ..oauth.client_authentication import Checks
from ..oauth.clients.assertion import ClientAssertions
from ..oauth.clients.client_secret import ClientSecrets
from ..oauth.clients.configuration import ClientConfiguration
from ..oauth.clients.dynamic import Desk, DynamicRegistration
from ..oauth.clients.examination import Examiner
from ..oauth.clients.initial_access import InitialAccess
from ..oauth.clients.keys import ClientKeys
from ..oauth.clients.registrar import Registrar
from ..oauth.clients.registration import RegistrationPolicy
from ..oauth.clients.sectors import Sectors
from ..oauth.clients.software_statement import SoftwareStatements
from ..oauth.deferred.approvals import Approvals
from ..oauth.deferred.device_authorization import CODE_LIMITS, DeviceAuthorization
from ..oauth.grants.jwt_bearer import AuthorizationAssertions
from ..oauth.metadata import Paths
from ..oauth.proof.dpop import Nonces, Proofs
from ..oauth.proof.holder import Holders
from ..oauth.requests import public_clients, signing_details
from ..oauth.requests.public_clients import DEVICE_LIMITS, PUSH_LIMITS
from ..oauth.requests.published import MEDIA_TYPES, PublishedRequests
from ..oauth.requests.pushed_authorization import PushedRequests
from ..oauth.requests.request_object import RequestObjects
from ..oauth.requests.signing_details import SigningDetails
from ..oauth.scope import CREDENTIAL as LEAVE_TO_SIGN
from ..oauth.server import Lifetimes, Provider
from ..oauth.tokens.access_token import AccessTokens
from ..oauth.tokens.introspection import Introspection
from ..oauth.tokens.introspection_response import SignedIntrospection
from ..oauth.tokens.resource_access import ResourceAccess
from ..oidc import claims
from ..oidc.acting_post import ActingPosts
from ..oidc.backchannel_logout import LogoutDelivery
from ..oidc.encryption import ResponseEncryption
from ..oidc.id_token import SCOPE, IdTokens
from ..oidc.rp_initiated_logout import EndSession
from ..oidc.subject import Subjects
from ..oidc.userinfo import UserInfoAnswers
from ..pki.enrollment.ending import Departures
from ..services import Administration, Services
from ..sessions.devices import Devices
from ..sessions.interaction import Interactions
from ..sessions.remembered import RememberedDevices
from ..sessions.single_sign_on import SessionLimits, Sessions
from ..settings import Settings
from ..signing.sims.standing import SimsOfLeavers
from ..web.notice_words import LetterWords
from .announced import announcement_rooms, own_data, personal_data
from .assurance import assurance_policy, named_networks, pause_of
from .audit import audit_rooms, daily_heads
from .certificate_desk import (
    certificate_desk,
    certification,
    console,
    for_administrators,
    holders,
    issuers_of,
    protocols,
    published_chain,
)
from .factors import factor_rooms
from .officers import accesses, officer_rooms
from .operation import deliveries, job_rooms, repeats
from .people import WholeDirectory, mirroring, role_groups
from .rehearsal import rehearsal
from .remote_signing import leave_types, phone_approvals, remote_signing
from .rollout import rollout_rooms
from .servers import client_authorities, key_token, ldap_people, mail_server
from .signatures import signature_rooms, signs_in


def build_services(settings: Settings, *, directory: WholeDirectory | None = None, changes: Changes | None = None,
                   clock: Clock | None = None, outbound: Outbound | Recorded | None = None) -> Services:
    """Build every adapter and room of one deployment.

    Args:
        settings: Checked settings.
        directory: Another directory than LDAP; it is not followed.
        changes: Follows it all the same.
        clock: Another clock than the machine's.
        outbound: Another way to other people's servers than the guarded fetcher.

    Raises:
        ConfigurationError: a key, secret or certificate file is missing or unsafe.
    """
    clock = clock or SystemClock()
    folder = KeyFolder(settings.keys_dir)
    folder.check()
    sealer = folder.sealer()
    database = Database(settings.database_url, pool_size=settings.database_pool_size)
    audit = SqlAuditTrail(database)
    networks = named_networks(settings)
    groups = role_groups(settings, SqlDeputies(database, clock))
    mirror = SqlOfficers(database, clock, groups.names)
    deprovisioning = Deprovisioning(SqlAccess(database), mirror, clock)
    grants = SqlGrants(database, clock)
    deferred = SqlDeferred(database)
    outbox, pings, mail = SqlOutbox(database), SqlPings(database), SqlMail(database)
    key_store, rotation_seconds = SqlKeyStore(database), settings.signing_key_rotation_days * 86400
    token = key_token(settings, clock)
    keys = KeyRing(key_store, sealer, clock, token=token, new_in_token=settings.signing_keys == "pkcs11",
                   rotation_seconds=rotation_seconds)
    encryption_keys = EncryptionKeys(key_store, sealer, clock, rotation_seconds=rotation_seconds)
    client_store = SqlClientStore(database)
    clients = ClientRegistry(client_store, clock)
    seal_store, seal_signer = SqlSealStore(database), Es256SealSigner(folder.audit_seal_key(), settings.keys_dir)
    highest_level = CERTIFICATE if settings.certificate_origin or signs_in(settings) else TWO_FACTORS
    assertion_issuers = read_assertion_issuers(
        settings.assertion_issuers_file, development=settings.development,
        levels={f"{settings.acr_prefix}{level}": level for level in range(1, highest_level + 1)})
    details_types = {settings.authorization_details_prefix + signing_details.NAME: SigningDetails(), **leave_types(settings)}
    policy = RegistrationPolicy(development=settings.development, acr_prefix=settings.acr_prefix, highest_level=highest_level,
                                front_channel=settings.legacy_response_types, assertion_grant=bool(assertion_issuers),
                                details_types=tuple(details_types), request_uris=settings.request_uri_fetch)
    notices = Notices(SqlNotices(database), clock)
    announcements, announcement_administration = announcement_rooms(database, clock)
    one_time = OneTimePasswords(SqlOneTimePasswords(database), clock, lifetime_seconds=settings.one_time_password_hours * 3600)
    people, changes = ldap_people(settings, clock) if directory is None else (directory, changes)
    guesses = SqlGuessCounter(database)
    pause = pause_of(settings)
    factors = factor_rooms(settings, database, networks, sealer, audit, guesses, deprovisioning.frozen_until, mirror,
                           clock)
    second_factors = factors.second_factors
    subjects = Subjects(sealer.derive("pairwise subjects"))
    tokens = AccessTokens(issuer=settings.issuer, keys=keys, clock=clock, acr_prefix=settings.acr_prefix, subject_of=subjects.of,
                          lifetime_seconds=settings.access_token_lifetime_seconds)
    outbound = outbound or Outbound(development=settings.development, allow=settings.outbound_allow)
    client_keys = ClientKeys(outbound.document, clock)
    client_secrets = ClientSecrets(sealer)
    encryption = ResponseEncryption(client_keys)
    id_tokens = IdTokens(issuer=settings.issuer, keys=keys, subjects=subjects, clock=clock, acr_prefix=settings.acr_prefix,
                         claims_of=claims.IdTokenClaims(mirror), encryption=encryption)
    lifetimes = Lifetimes(code_seconds=settings.code_lifetime_seconds, session_idle_seconds=settings.idle_limit_seconds,
                          refresh_token_seconds=settings.refresh_token_lifetime_seconds,
                          refresh_grace_seconds=settings.refresh_grace_seconds)
    seen, token_endpoint = SqlSeenOnce(database), settings.issuer + Paths().token
    assertions = ClientAssertions(issuer=settings.issuer, token_endpoint=token_endpoint, keys=client_keys,
                                  secrets=client_secrets, seen=seen, clock=clock)
    nonces = Nonces(folder.session_key().encode(), clock, required=settings.dpop_nonce_required)
    proofs = Proofs(seen, nonces, clock)
    assurance = assurance_policy(settings, networks, administrators=groups.names, highest=highest_level,
                                 grace_over=factors.demands.over_of)
    checks = Checks(assertions, client_keys, client_authorities(settings), bool(settings.mtls_origin), clock)
    objects = RequestObjects(settings.issuer, client_keys, clock, encryption_keys.decrypt)
    provider = Provider(issuer=settings.issuer, registry=clients, store=grants, deferred=deferred, tokens=tokens, keys=keys,
                        clock=clock, lifetimes=lifetimes, assurance=assurance, checks=checks, proofs=proofs,
                        officer_scopes=frozenset({*claims.SCOPES, SCOPE, "offline_access", "est", LEAVE_TO_SIGN}),
                        token_endpoints=routes.addresses(settings, Paths().token),
                        pushed=PushedRequests(SqlPushedRequests(database), clock, public=public_clients.of_pushed(
                            Lockout(guesses, clock, PUSH_LIMITS, kind="push"), grants, clock),
                                              lifetime_seconds=settings.pushed_request_lifetime_seconds,
                                              required=settings.require_pushed_authorization_requests),
                        objects=objects,
                        pushing_endpoints=routes.addresses(settings, Paths().pushed_authorization),
                        read_hint=id_tokens.subject_of_hint, extensions=[id_tokens],
                        response_types=response.offered(front_channel=settings.legacy_response_types),
                        assertions=AuthorizationAssertions(assertion_issuers, audience=settings.issuer, keys=client_keys,
                                                           seen=seen, mirror=mirror, clock=clock),
                        details_types=details_types, published=PublishedRequests(
                            partial(outbound.document, accept=MEDIA_TYPES)) if settings.request_uri_fetch else None)
    approvals = Approvals(deferred, provider)
    devices = DeviceAuthorization(
        provider, approvals, verification_uri=settings.issuer + Paths().device,
        lifetime_seconds=settings.device_code_lifetime_seconds,
        typed=Lockout(guesses, clock, CODE_LIMITS.with_pause(pause), kind="user_code"),
        requests=public_clients.of_devices(Lockout(guesses, clock, DEVICE_LIMITS, kind="device_request"), grants, clock))
    sectors = Sectors(outbound.document)
    issuers = read_software_issuers(settings.software_issuers_file)
    initial_access = InitialAccess(SqlInitialAccess(database), audit, clock, policy, software_issuers=issuers)
    desk = Desk(store=SqlRegistrations(database), initial_access=initial_access, registry=clients, clock=clock, policy=policy,
                sectors=sectors, statements=SoftwareStatements(issuers, clock), secrets=client_secrets,
                address=settings.issuer + Paths().registration)
    interactions = Interactions(SqlInteractions(database), clock, settings.interaction_lifetime_seconds)
    sessions = Sessions(SqlSessions(database), clock, SessionLimits(settings.idle_limit_seconds, settings.absolute_limit_seconds))
    emergency = BreakGlass(settings.break_glass_name, BreakGlassFile(settings.keys_dir / CREDENTIAL),
                           Lockout(guesses, clock, BREAK_GLASS_LIMITS.with_pause(pause), kind="break_glass"), seen, audit, sealer,
                           clock)

    def password_is_another(officer: MirroredOfficer, caller: Caller) -> None:
        interactions.forget_officer(officer.officer.entry_uuid)
        deprovisioning.end_access(officer.sub, "password_changed", caller)

    forgotten = ForgottenPasswords(
        SqlRecoveries(database), people, mirror, second_factors, one_time,
        Lockout(guesses, clock, REQUEST_LIMITS, kind="forgotten"), notices, audit, clock, key=sealer.derive("password recovery"),
        mail_domain=settings.ldap_mail_domain, afterwards=password_is_another,
        offered=settings.password_recovery and bool(settings.smtp_host))
    # What a change of an officer means elsewhere; each part is called again when any of them raised.
    chain, list_fetcher = published_chain(settings, database)
    desk_rooms = certificate_desk(settings, database, mirror, sealer, sealer.derive("identity numbers"), chain, groups, clock)
    issuance, revocation_lists, ocsp = certification(settings, database, sealer, write_once, token, clock)
    protocol_rooms = protocols(settings, database, sealer, issuance, audit, mirror, groups, guesses, clock, desk_rooms)
    signatures = signature_rooms(settings, database, mirror, issuance, ocsp, chain, issuers_of(chain, issuance, clock),
                                 protocol_rooms.time_stamps, sealer.derive, groups, audit, clock)
    factors.mobile_id.phones = signatures.logins if signatures is not None else None
    officer_search = SqlOfficerSearch(database, clock)
    actors = Actors(mirror, groups)
    enrollments, enrollment_lists, custody_devices, paper, expiry, renewals = for_administrators(
        settings, database, desk_rooms, mirror, officer_search, actors, audit, chain, keys, sealer, issuance,
        None if signatures is None else signatures.services.sims, clock)
    consequences = Several((deprovisioning, ContactChanges(notices), Departures(desk_rooms.ending), desk_rooms.following,
                            *(() if signatures is None else (SimsOfLeavers(signatures.services.nightly),))))
    mirror_rooms = mirroring(settings, database, mirror.ledger, people, changes, consequences, clock,
                             desk_rooms.moves.calendar.deadline)
    officer_tokens = SqlAdministrationTokens(database, clock)
    client_steps = SqlClientSteps(database)
    examiner = Examiner(policy=policy, checks=checks, secret_files=folder.client_secrets(), sectors=sectors,
                        post=outbound.post_form, groups=mirror.groups, officer_scopes=provider.officer_scopes)
    access = Access(tokens, officer_tokens, clients, clock, assurance, Holders(proofs), groups=groups,
                    idle_limit_seconds=settings.idle_limit_seconds, resource=settings.issuer + Paths().administration,
                    counter=guesses, emergency=emergency)
    rollout = rollout_rooms(settings, database, clients, mirror, actors, groups, desk_rooms.moves.calendar, audit, clock)
    audit_chain = AuditChain(seal_store, seal_signer, FileSealHeads(settings.keys_dir / HEADS), clock)
    trail = audit_rooms(settings, database, seal_store, seal_signer, audit_chain, protocol_rooms.time_stamps, mirror, actors,
                        groups, notices, audit, clock)
    consents, application_access = accesses(database, clients, mirror, groups, audit, clock)
    acting_posts = ActingPosts(SqlPostChoices(database), clock)
    personal_notice = personal_data(settings, database, clock)
    known_devices = Devices(SqlDevices(database), networks, clock)
    about_officers = OfficerAdministration(deprovisioning, mirror, groups)
    around = Around(
        factors=FactorAdministration(second_factors, mirror, people, sessions, groups, factors.first_factors.codes,
                                     SqlWithoutFactor(database, clock), assurance),
        grants=GrantAdministration(SqlGrantPages(database, clock), grants, mirror, clients, assurance, groups, clock),
        tasks=TaskAdministration(SqlTasks(database, clock), clock, lambda task: [
            *desk_rooms.following.unfinished(task), *mirror_rooms.sponsors.unfinished(task)]),
        places=known_devices, sessions=sessions, enrollments=enrollments, devices=custody_devices, registry=clients,
        consents=consents)
    officers = officer_rooms(database, around, about_officers, officer_search, mirror, actors, people, mirror_rooms.ledger,
                             mirror_rooms.units, groups, notices, factors.temporary_passes, deprovisioning, settings, audit,
                             rollout.files, clock)
    jobs, job_work = job_rooms(database, officers.file, trail.exports, rollout.accounts, rollout.campaign_files, enrollment_lists,
                               paper.problems, mirror, groups, sealer, audit, clock)
    administration = Administration(
        access=access, actors=actors, announcements=announcement_administration, console=console(settings, access, groups, clock),
        clients=ClientAdministration(SqlClientEntries(database), client_store, clients, sectors, policy, client_secrets, clock,
                                     client_steps, address=settings.issuer + Paths().registration),
        deliveries=deliveries(outbox, mail, audit, clock), repeats=repeats(database, clock), accounts=rollout.accounts,
        onboarding=Onboarding(client_steps, clients, examiner, actors, clock), application_access=application_access,
        initial_access=InitialAccessAdministration(initial_access, clock), grants=around.grants, tasks=around.tasks,
        factors=around.factors, officers=about_officers, keys=KeyAdministration(keys, encryption_keys, clock),
        mirror=MirrorAdministration(officer_search, mirror_rooms.brake), enrollments=enrollments,
        enrollment_lists=enrollment_lists, enrollment_paper=paper, people=officers, jobs=jobs, rollout=rollout.administration,
        campaign_files=rollout.campaign_files, campaign_reminding=rollout.reminding, rollout_reports=rollout.reports,
        devices=custody_devices, expiry=expiry, renewals=renewals, audit=trail.records, audit_exports=trail.exports,
        password_resets=PasswordResets(people, mirror, one_time, deprovisioning, interactions, notices, audit, clock, groups))
    return Services(
        settings=settings, clock=clock, sealer=sealer, audit=audit, job_work=job_work, audit_repeats=audit, mirror=mirror,
        directory=people, keys=keys, clients=clients, mirroring=mirror_rooms, deprovisioning=deprovisioning,
        encryption_keys=encryption_keys, totp=factors.totp, recovery_codes=factors.recovery_codes,
        certificates=factors.certificates, second_factors=second_factors, passkeys=factors.passkeys, mobile_id=factors.mobile_id,
        passkey_sign_in=PasskeySignIn(factors.passkeys, people, mirror, audit, clock, limits=factors.of_keys,
                                      frozen=second_factors.frozen),
        certificate_sign_in=CertificateSignIn(factors.certificates, second_factors, people, mirror, audit, clock),
        first_factors=factors.first_factors, temporary_passes=factors.temporary_passes,
        freshness=Freshness(second_factors, clock, settings.fresh_authentication_seconds),
        provider=provider, approvals=approvals, devices=devices, outbox=outbox,
        backchannel=BackchannelAuthentication(
            provider, approvals, hints=Lockout(guesses, clock, HINT_LIMITS, kind="hint"), sealer=sealer,
            officers=HintedOfficers(mirror, people, clock, mail_domain=settings.ldap_mail_domain,
                                    read_hint=id_tokens.subject_of_hint),
            requests=SignedRequests(objects, seen, clock)),
        pings=pings, ping_delivery=PingDelivery(pings, outbound, clients, sealer, clock),
        notices=notices, announcements=announcements, personal_data=personal_notice,
        mail=mail, certificate_desk=desk_rooms, published_chain=chain,
        list_fetcher=list_fetcher, campaigns=rollout.campaigns, campaign_reminders=rollout.reminders,
        own_certificates=holders(desk_rooms, mirror, chain, issuance, clock), campaign_courses=rollout.courses,
        certification=issuance, revocation_lists=revocation_lists, ocsp=ocsp,
        mobile_signatures=None if signatures is None else signatures.services,
        remote_signing=None if signatures is None else remote_signing(
            settings, database, signatures.signing, signatures.sims, signatures.standings, issuers_of(chain, issuance, clock),
            guesses, sealer.derive, clock),
        certificate_protocols=protocol_rooms,
        resource_access=ResourceAccess(tokens, officer_tokens, clients, clock, assurance, Holders(proofs),
                                       idle_limit_seconds=settings.idle_limit_seconds),
        mail_delivery=MailDelivery(mail, mail_server(settings, clock), mirror, LetterWords(settings, forgotten.link), clock),
        audit_chain=audit_chain, audit_store=seal_store, audit_reader=SqlAuditReader(database),
        own_readings=trail.readings, archived_months=trail.archived,
        own_data=own_data(database, trail.readings, notices, clock),
        daily_heads=daily_heads(settings, database, seal_store, protocol_rooms.time_stamps, clock),
        registrar=Registrar(client_store, clients, folder.client_secrets(), clock, policy, sectors, client_secrets),
        initial_access=initial_access, dynamic_registration=DynamicRegistration(desk),
        client_configuration=ClientConfiguration(desk),
        examiner=examiner, client_steps=client_steps,
        sign_in=SignIn(people, mirror, audit, clock, mail_domain=settings.ldap_mail_domain, one_time=one_time,
                       factors=second_factors, notices=notices, devices=SqlDevices(database).marks,
                       passwords=Lockout(guesses, clock, Limits(source=Rule(settings.sign_in_source_failures), pause=pause))),
        break_glass=emergency, forgotten_passwords=forgotten,
        password_notices=PasswordNotices(seen, clock, days=settings.password_notice_days),
        assurance=assurance, sessions=sessions, known_devices=known_devices,
        remembered_devices=RememberedDevices(SqlRememberedDevices(database), clock, days=settings.remember_device_days),
        interactions=interactions, consents=consents, acting_posts=acting_posts,
        phone_approvals=None if signatures is None else phone_approvals(
            database, approvals, factors.mobile_id, clients, mirror, people, second_factors.frozen, sessions, assurance, consents,
            acting_posts, personal_notice, subjects, guesses, audit, clock),
        introspection=Introspection(provider, subject_of=subjects.of, acr_prefix=settings.acr_prefix,
                                    told_of=claims.PostOfGrant(mirror)),
        signed_introspection=SignedIntrospection(issuer=settings.issuer, keys=keys, client_keys=client_keys, clock=clock),
        administration=administration,
        userinfo=UserInfoAnswers(claims.UserInfo(tokens, grants, clients, clock, assurance, Holders(proofs), subjects=subjects),
                                 issuer=settings.issuer, keys=keys, encryption=encryption),
        subjects=subjects,
        end_session=EndSession(clients, id_tokens.read_hint),
        logout_delivery=LogoutDelivery(outbox, outbound, clients, keys, clock, subjects=subjects, encryption=encryption,
                                       issuer=settings.issuer, lifetime_seconds=settings.logout_token_lifetime_seconds,
                                       heard=client_steps.heard_of_logout),
        housekeeping=SqlHousekeeping(database), pulse=SqlPulse(database),
        ping_database=database.ping, prepare_database=database.prepare,
        schema_state=lambda: schema.state(settings.database_url),
        has_trigrams=lambda: schema.has_trigrams(settings.database_url),
        read_client_files=ClientFiles().read,
        rehearse=lambda documents: rehearsal(build_services, settings, documents, directory=people, clock=clock))
