"""What an application registers for backchannel authentication.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §4; FAPI-CIBA §5.2.2 (confidential clients, no push).
"""

from __future__ import annotations

from typing import Any

from ..client import Client
from ..clients.members import Members
from .request import DELIVERY_MODES, GRANT_TYPE
from .signed_request import ALGORITHMS


def read(members: Members) -> dict[str, Any]:
    """Read the members of CIBA §4. Raises InvalidClientMetadataError."""
    return {
        "backchannel_token_delivery_mode": members.choice("backchannel_token_delivery_mode", ("", *DELIVERY_MODES)),
        "backchannel_client_notification_endpoint": members.web_uri("backchannel_client_notification_endpoint"),
        "backchannel_authentication_request_signing_alg": members.choice(
            "backchannel_authentication_request_signing_alg", ("", *ALGORITHMS)),
    }


def fault_of(client: Client) -> str:
    """Give one sentence on what contradicts itself; "" for nothing."""
    mode = client.backchannel_token_delivery_mode
    if client.check_grant_type(GRANT_TYPE) != bool(mode):
        return f"backchannel_token_delivery_mode: poll or ping goes with the grant type {GRANT_TYPE}, and with no other."
    if (mode == "ping") != bool(client.backchannel_client_notification_endpoint):
        return "backchannel_client_notification_endpoint: ping needs it, and nothing else uses it."
    if not mode and client.backchannel_authentication_request_signing_alg:
        return "backchannel_authentication_request_signing_alg: only for backchannel authentication."
    if mode and client.public:
        return "grant_types: backchannel authentication needs a client that can prove who it is."
    if client.backchannel_authentication_request_signing_alg and not (client.jwks or client.jwks_uri):
        return "backchannel_authentication_request_signing_alg: signed requests need jwks or jwks_uri."
    if mode and client.fapi2 and not client.backchannel_authentication_request_signing_alg:
        return "backchannel_authentication_request_signing_alg: the profile fapi2 needs signed requests (FAPI-CIBA 5.2.2)."
    return ""
