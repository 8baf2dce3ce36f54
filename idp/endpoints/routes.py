"""The table of programs' paths: everything that is answered before Flask, and by which rule.

Discovery is made from the same ``Paths``, so that what is listed is what is mounted (security checklist 1).
"""

from __future__ import annotations

from typing import Any

from ..jose.keyset import JWKS_MAX_AGE_SECONDS
from ..oauth import client_authentication
from ..oauth.metadata import Offer, Paths, discovery
from ..oauth.scope import CREDENTIAL, SERVICE
from ..oidc import claims, id_token, subject
from ..pki.timestamp.admission import Admission
from ..readiness import Readiness, dependencies
from ..services import Services
from ..settings import Settings
from . import csc
from .backchannel_authentication import BackchannelAuthenticationEndpoint
from .certificate_status import AuthorityCertificateEndpoint, OcspEndpoint, RevocationListEndpoint
from .csc import version1, version2
from .csc.house import CscEndpoint, OAuthAuthorize, rooms_of
from .device_authorization import DeviceAuthorizationEndpoint
from .documents import Document, fixed
from .enrollment import BELOW, EstEndpoint
from .introspection import IntrospectionEndpoint
from .monitoring.health import HealthEndpoint, ReadinessEndpoint
from .monitoring.metrics import MetricsEndpoint, PrometheusMeter
from .pushed_authorization import PushedAuthorizationEndpoint
from .registration import ConfigurationEndpoint, RegistrationEndpoint
from .revocation import RevocationEndpoint
from .time_stamps import TimeStampEndpoint
from .token import TokenEndpoint
from .userinfo import UserInfoEndpoint
from .wsgi import Route

_READ = ("GET", "HEAD")
_DISCOVERY_SECONDS = 3600


def addresses(settings: Settings, path: str) -> tuple[str, ...]:
    """Give the addresses of an endpoint: below the issuer, and where our proxy asks for client certificates."""
    return tuple(origin + path for origin in (settings.issuer, settings.mtls_origin) if origin)


def trust_services(services: Services, at: Paths) -> dict[str, Any]:
    """Give the addresses for programs that the discovery document has no members for (fixed interface §2)."""
    issuer = services.settings.issuer
    listed: dict[str, Any] = {"admin_api": issuer + at.administration, "admin_api_openapi": issuer + at.administration_document}
    authorities = services.certification.authorities()
    if authorities:
        addresses = services.certification.addresses
        listed |= {"ocsp_endpoint": addresses.ocsp(), "crl_endpoints": [addresses.crl(one.name, 0) for one in authorities],
                   "ca_certificates": [addresses.issuer(one.name) for one in authorities]}
    if services.certificate_protocols.est.offered():  # where certificates are asked for, everything is answered
        listed["est_endpoint"] = (services.settings.mtls_origin or issuer) + BELOW.rstrip("/")
    if services.certificate_protocols.time_stamps.offered():
        listed["tsa_endpoint"] = issuer + at.time_stamps
    if services.remote_signing is not None:
        listed["csc_endpoint"] = issuer + csc.BASE
    if services.mobile_signatures is not None:  # where an officer's SIM signs, and where programs see how far one has come
        listed["mobile_signature"] = {"sign": issuer + version2.PREFIX.rstrip("/"),
                                      "enrollment_status": f"{issuer}{at.administration}/sims"}
    return listed


def _certificate_services(services: Services) -> list[Route]:
    """Give the addresses that certificates of ours name (fixed interface §2)."""
    ocsp = OcspEndpoint(services.ocsp)
    return [
        Route("/ocsp", "ocsp", ocsp, OcspEndpoint.METHODS), Route("/ocsp/**", "ocsp", ocsp, OcspEndpoint.METHODS),
        Route("/crl/*", "crl", RevocationListEndpoint(services.revocation_lists), RevocationListEndpoint.METHODS),
        Route("/ca/*", "ca", AuthorityCertificateEndpoint(lambda: list(services.certification.authorities())),
              AuthorityCertificateEndpoint.METHODS)]


def _enrollment(services: Services) -> list[Route]:
    """Give the addresses of enrolment, where it is on."""
    settings, rooms = services.settings, services.certificate_protocols
    endpoint = EstEndpoint(rooms.est, services.resource_access, rooms.est_guesses, rooms.est_requests, services.audit,
                           services.clock, addresses(settings, BELOW + "simpleenroll"), mutual_tls=bool(settings.mtls_origin))
    return [Route(BELOW + "**", "est", endpoint, EstEndpoint.METHODS)] if rooms.est.switched_on else []


def _time_stamps(services: Services, path: str) -> list[Route]:
    """Give the address of the time-stamp authority, where anybody may ask it."""
    settings, rooms = services.settings, services.certificate_protocols
    endpoint = TimeStampEndpoint(rooms.time_stamps, Admission(settings.tsa_access, settings.tsa_networks),
                                 services.resource_access, rooms.stamp_requests, addresses(settings, path))
    return [Route(path, "time_stamps", endpoint)] if rooms.time_stamps.switched_on else []


def _remote_signing(services: Services, at: Paths) -> list[Route]:
    """Give the addresses of remote signing, where it is on; its OAuth addresses are ours under the names of that standard."""
    rooms, settings = services.remote_signing, services.settings
    if rooms is None:
        return []
    made = rooms_of(services, rooms, tuple(origin for origin in (settings.issuer, settings.mtls_origin) if origin))
    return [Route(csc.BASE + "/v1/**", "csc", version1.endpoint(made), CscEndpoint.METHODS),
            Route(csc.BASE + "/v2/**", "csc", version2.endpoint(made), CscEndpoint.METHODS),
            Route(version1.OAUTH + "oauth2/authorize", "csc", OAuthAuthorize(settings.issuer + at.authorization), _READ),
            Route(version1.OAUTH + "oauth2/token", "token", TokenEndpoint(services.provider)),
            Route(version1.OAUTH + "oauth2/revoke", "revocation", RevocationEndpoint(services.provider))]


def table(services: Services, meter: PrometheusMeter, *, metrics_token: str = "") -> list[Route]:
    """Give every route of the programs' door.

    Args:
        services: The rooms.
        meter: Counts this process's answers; shown by /metrics.
        metrics_token: Opens /metrics beyond loopback; "" admits nobody there.
    """
    at = Paths()
    readiness = Readiness(dependencies(services))
    # Whoever finds us by the CSC API's info reads here how leave is asked for; scopes that files alone give are told of nowhere.
    signing = (SERVICE, CREDENTIAL) if services.remote_signing is not None else ()
    offer = Offer(scopes=(*claims.SCOPES, *signing), claims=claims.SUPPORTED,
                  acr_values=services.assurance.acr_values_supported(), subject_types=subject.TYPES,
                  id_token_algorithms=id_token.ALGORITHMS, ui_locales=("vi", "en"),
                  auth_methods=[method for method in client_authentication.METHODS if services.provider.checks.can(method)],
                  mtls_origin=services.settings.mtls_origin, response_types=services.provider.response_types,
                  require_pushed_requests=services.provider.pushed.required, grant_types=services.provider.grant_types,
                  details_types=tuple(services.provider.details_types),
                  request_uris=services.settings.request_uri_fetch)
    provider_document = Document(fixed(discovery(services.settings.issuer, offer, at)), max_age_seconds=_DISCOVERY_SECONDS)
    return [
        Route(at.discovery, "discovery", provider_document, _READ),
        Route(at.authorization_server, "discovery", provider_document, _READ),
        Route(at.trust_services, "trust_services", Document(
            lambda: fixed(trust_services(services, at))(), max_age_seconds=_DISCOVERY_SECONDS), _READ),
        Route(at.jwks, "jwks", Document(services.keys.published, max_age_seconds=JWKS_MAX_AGE_SECONDS), _READ),
        Route(at.pushed_authorization, "pushed_authorization", PushedAuthorizationEndpoint(services.provider)),
        Route(at.token, "token", TokenEndpoint(services.provider)),
        Route(at.backchannel_authentication, "backchannel_authentication",
              BackchannelAuthenticationEndpoint(services.backchannel)),
        Route(at.device_authorization, "device_authorization", DeviceAuthorizationEndpoint(services.devices)),
        Route(at.introspection, "introspection", IntrospectionEndpoint(
            services.introspection, services.signed_introspection)),
        Route(at.revocation, "revocation", RevocationEndpoint(services.provider)),
        Route(at.registration, "registration", RegistrationEndpoint(services.dynamic_registration)),
        Route(f"{at.registration}/*", "client_configuration", ConfigurationEndpoint(services.client_configuration),
              ConfigurationEndpoint.METHODS),
        Route("/healthz", "health", HealthEndpoint(), _READ),
        Route("/readyz", "readiness", ReadinessEndpoint(readiness), _READ),
        Route("/metrics", "metrics", MetricsEndpoint(meter, readiness, services, token=metrics_token), _READ),
        *_certificate_services(services),
        *_enrollment(services),
        *_time_stamps(services, at.time_stamps),
        *_remote_signing(services, at),
        Route(at.userinfo, "userinfo", UserInfoEndpoint(services.userinfo, addresses(services.settings, at.userinfo)),
              ("GET", "HEAD", "POST")),
    ]
