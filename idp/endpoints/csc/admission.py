"""Who asks: an officer's application with a token of the scope ``service``, or one with the leave for one signing.

Spec: CSC API 1.0.4.0 §8 (service and credential authorization), 2.0.0.2 §8.4; RFC 6750 §2.1. Every check of other resources is
made here too (``oauth.tokens.resource_access``, security checklist 18). A token of the scope ``credential`` stands for the
authorization that its officer gave on our page, and for nothing without it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from ...authn.assurance import published
from ...oauth.client import ClientRegistry
from ...oauth.grant import Grant
from ...oauth.proof.dpop import Presented
from ...oauth.proof.holder import TokenUse
from ...oauth.tokens.access_token import TokenRefusedError
from ...oauth.tokens.resource_access import Bearer, ResourceAccess
from ...oidc import acting_post
from ...pki import shown_certificate
from ...signing.csc.authorization import Requester
from ..bearer import from_header
from ..wsgi import EndpointRequest

SERVICE: Final = "service"
CREDENTIAL: Final = "credential"


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who asks.

    Attributes:
        application: Its name, as officers read it.
        signs_as: The authorization that the token stands for; empty for one of the scope ``service``.
    """

    requester: Requester
    application: str
    signs_as: str = ""


class Admission:
    """Recognises who asks.

    Args:
        access: Recognises tokens.
        registry: Names applications.
        origins: Ours; proofs name one of them with the path.
        acr_prefix: Of acr values.
    """

    def __init__(self, access: ResourceAccess, registry: ClientRegistry, origins: tuple[str, ...], acr_prefix: str) -> None:
        self._access, self._registry, self._origins, self._acr_prefix = access, registry, origins, acr_prefix

    def admit(self, request: EndpointRequest, *, credential: bool = False, application: bool = False) -> Admitted:
        """Tell who asks.

        Args:
            request: With the token in its header.
            credential: Whether the leave for one signing is enough.
            application: Whether a token of the application's own is enough; its requester has no ``sub`` then.

        Raises:
            TokenRefusedError: 400 ``invalid_request``, 401 ``invalid_token``, 403 ``insufficient_scope``.
        """
        if request.query:
            raise TokenRefusedError("The access token belongs into the Authorization header, not into the address.",
                                    code="invalid_request")
        scheme, token = from_header(request.header("authorization"), schemes=("bearer", "dpop"))
        use = self._use(request, scheme)
        try:
            bearer, scope = self._access.admit(token, use, scope=SERVICE), SERVICE
        except TokenRefusedError as refused:
            if not credential or refused.code != "insufficient_scope":
                raise
            bearer, scope = self._access.admit(token, use, scope=CREDENTIAL), CREDENTIAL
        admitted = self._admitted(bearer, scope, application=application)
        request.client_id = admitted.requester.client_id
        return admitted

    def activation(self, request: EndpointRequest, sad: str) -> str:
        """Give the authorization that an access token stands for which was sent as SAD; empty where the SAD is none of these.

        Whose it is, is for whoever uses it to see (``HashSigning.of_token``).

        Source: CSC API 1.0.4.0 §8.3.2 (a token of the scope ``credential`` in the place of the SAD).
        """
        try:
            bearer = self._access.admit(sad, self._use(request, "bearer"), scope=CREDENTIAL)
            return self._admitted(bearer, CREDENTIAL).signs_as
        except TokenRefusedError:
            return ""

    def _use(self, request: EndpointRequest, scheme: str) -> TokenUse:
        addresses = tuple(origin + request.path for origin in self._origins)
        return TokenUse(scheme, Presented(request.header("dpop"), request.method, addresses),
                        shown_certificate.read(request.certificate()))

    def _admitted(self, bearer: Bearer, scope: str, *, application: bool = False) -> Admitted:
        officer, grant = bearer.officer, bearer.grant
        if officer is None or grant is None:
            if application:
                return Admitted(Requester(client_id=bearer.client_id, sub="", unit_code="", title=""), bearer.client_id)
            raise TokenRefusedError("An officer's access token is needed.")
        authorization = _signs_as(grant) if scope == CREDENTIAL else ""
        if scope == CREDENTIAL and not authorization:
            raise TokenRefusedError("The access token is not valid.")
        held = acting_post.of_grant(grant)
        post = (acting_post.find(officer.officer.posts, held) if held else None) or officer.officer.main_post
        client = self._registry.find(bearer.client_id)
        requester = Requester(client_id=bearer.client_id, sub=officer.sub, unit_code=post.unit_code, title=post.title,
                              sid=grant.sid, acr=f"{self._acr_prefix}{grant.acr}", amr=" ".join(published(grant.amr)),
                              auth_time=grant.auth_time)
        return Admitted(requester, client.client_name if client and client.client_name else bearer.client_id, authorization)


def _signs_as(grant: Grant) -> str:
    return str(json.loads(grant.details).get("signing", "")) if grant.details else ""
