"""The CIBA grant: an application fetches what an officer approved on a device of their own.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §10.1, §11; FAPI-CIBA §5.2.2. By poll and by ping
alike: who is told that the answer is there fetches it in the same way. Authlib has no grant for it; its device code grant has
the same states and errors, and only the first step differs.
"""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError, UnauthorizedClientError
from authlib.oauth2.rfc8628 import DeviceCodeGrant

from .. import client_authentication
from ..deferred.authorization import GRANT_TYPE_OF, Kind
from .deferred import Waiting


class CibaGrant(Waiting, DeviceCodeGrant):  # type: ignore[misc]
    """Authlib's order of steps on our store; only for clients that prove who they are (§4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = client_authentication.CONFIDENTIAL
    KIND = Kind.CIBA
    GRANT_TYPE = GRANT_TYPE_OF[Kind.CIBA]

    def validate_token_request(self) -> None:
        """Authenticate the client, and find what it polls for, once it was approved."""
        client = self.request.client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The application is not registered for backchannel authentication.")
        auth_req_id = self.request.form.get("auth_req_id")
        if not auth_req_id:
            raise InvalidRequestError("auth_req_id is missing.")
        approved = self.request.credential = self.awaited(auth_req_id)
        self.request.user = approved.grant
