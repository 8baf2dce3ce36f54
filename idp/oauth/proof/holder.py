"""At a resource of ours: a bound token is used by its holder only, and each kind of token in its own way only.

Spec: RFC 9449 §7.1-§7.2 (a DPoP-bound token never passes as a bearer token), RFC 6750 §3 (challenges),
RFC 8705 §3 (tokens bound to a certificate).
"""

from __future__ import annotations

from dataclasses import dataclass

from authlib.oauth2 import OAuth2Error

from ...pki.shown_certificate import ShownCertificate
from ..tokens.access_token import TokenRefusedError
from .confirmation import CERTIFICATE, JKT, bound_to, method_of
from .dpop import NonceNeededError, Presented, Proofs


@dataclass(frozen=True, slots=True)
class TokenUse:
    """How a token came to a resource.

    Attributes:
        scheme: ``bearer`` or ``dpop``, as the Authorization header (or the form) said.
        presented: The proof, and the request that it has to fit.
        shown: The client certificate of the connection, from our proxy only.
    """

    scheme: str
    presented: Presented
    shown: ShownCertificate | None = None


class Holders:
    """Checks the use of tokens.

    Args:
        proofs: Checks DPoP proofs.
    """

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    def check(self, confirmation: str, access_token: str, use: TokenUse) -> None:
        """Check one use of a token that is good otherwise.

        Args:
            confirmation: What the token is bound to; "" for a bearer token.
            access_token: As received.
            use: How it came.

        Raises:
            TokenRefusedError: another scheme, no proof, or one of another key.
            UnavailableError: the database does not answer.
        """
        if method_of(confirmation) != JKT:
            if use.scheme != "bearer":
                raise TokenRefusedError("The access token is not bound to a key; send it as a bearer token.")
            if confirmation and (use.shown is None or bound_to(CERTIFICATE, use.shown.thumbprint) != confirmation):
                raise TokenRefusedError("The access token is bound to another client certificate.")
            return
        if use.scheme != "dpop":
            raise TokenRefusedError("The access token is bound to a key; send it with a DPoP proof.", scheme="DPoP")
        if not use.presented.proof:
            raise TokenRefusedError("A DPoP proof is needed.", code="invalid_dpop_proof", scheme="DPoP")
        try:
            thumbprint = self._proofs.thumbprint(use.presented, access_token=access_token)
        except NonceNeededError as err:
            raise TokenRefusedError(str(err.description), code=str(err.error), scheme="DPoP", nonce=err.nonce) from None
        except OAuth2Error as err:
            raise TokenRefusedError(str(err.description), code="invalid_dpop_proof", scheme="DPoP") from None
        if bound_to(JKT, thumbprint) != confirmation:
            raise TokenRefusedError("The access token is bound to another key.", code="invalid_dpop_proof", scheme="DPoP")
