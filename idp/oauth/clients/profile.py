"""The profile fapi2: what an application of a bank's kind registers, all of it or nothing.

Spec: FAPI 2.0 Security Profile §5.3.2.1 (general), §5.3.2.2 (authorization code flow), §5.4.1 (algorithms); FAPI 2.0 Message
Signing §5.3 (signed requests), §5.4 (JARM), §5.5 (signed introspection): those three are asked for beside the profile by their
own members. Departs from FAPI 2.0 Security Profile §5.3.2.2, which lets native applications return to a loopback address, and
says nothing of grant types that it does not know: https only, and no grant whose request nobody bound to the application. What
the profile asks of single messages is asked where they are read (``Client.fapi2``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from ..backchannel.request import GRANT_TYPE as CIBA
from ..client import FAPI2, Client
from ..grants.delegation import GRANT_TYPE as TOKEN_EXCHANGE
from ..proof import certificate
from .assertion import METHOD, STRICT_ALGORITHMS

PROFILES: Final = ("", FAPI2)
"""What an operator may give an application; the first is none."""
AUTH_METHODS: Final = (METHOD, *certificate.METHODS)
GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials", CIBA, TOKEN_EXCHANGE)


def algorithms(profile: object) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Give what picks, of the algorithms there are, those that an application of a profile may choose; the default stays first.

    Args:
        profile: As the operator wrote it; one that is not known picks all.

    Returns:
        A function of a list of algorithms, the default first; "" for none at all is kept where it is among them.

    Source: FAPI 2.0 Security Profile §5.4.1.
    """
    if profile != FAPI2:
        return tuple
    return lambda offered: tuple(alg for alg in ("", *STRICT_ALGORITHMS) if alg in offered)


def fault_of(client: Client) -> str:
    """Give one sentence on what falls short of the profile; "" where nothing does, and for an application without profile.

    Algorithms are not looked at: only those of ``algorithms`` could be chosen.
    """
    if not client.fapi2:
        return ""
    code = client.check_grant_type("authorization_code")
    if client.token_endpoint_auth_method not in AUTH_METHODS:
        return f"token_endpoint_auth_method: the profile fapi2 needs {', '.join(AUTH_METHODS)}."
    if not client.dpop_bound_access_tokens and not client.tls_client_certificate_bound_access_tokens:
        return ("dpop_bound_access_tokens: the profile fapi2 needs this, or tls_client_certificate_bound_access_tokens, "
                "so that tokens are of use to their holder only.")
    if not set(client.grant_types).issubset(GRANT_TYPES):
        return f"grant_types: the profile fapi2 knows {', '.join(GRANT_TYPES)}."
    if any(urlsplit(uri).scheme != "https" for uri in client.redirect_uris):
        return "redirect_uris: the profile fapi2 needs https."
    if code and not client.require_pushed_authorization_requests:
        return "require_pushed_authorization_requests: the profile fapi2 takes no other requests."
    if not client.require_pkce:
        return "province.require_pkce: the profile fapi2 always uses PKCE."
    if client.assertion_audience != "issuer":
        return "province.assertion_audience: the profile fapi2 knows the issuer only."
    return ""
