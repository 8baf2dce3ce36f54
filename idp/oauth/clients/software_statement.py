"""Software statements: somebody whom the province trusts vouches for what an application says about itself.

Spec: RFC 7591 §2.3, §3.1.1 and §3.2.2. The operator names the issuers and their keys in a file; nothing in a statement adds to
them. Departs from RFC 7591 §2.3: a statement says when it expires, because an issuer that has changed its mind can say so in no
other way; a shared key (MAC) is never accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...clock import Clock
from ...errors import RefusedError
from ...jose import jwt
from . import assertion
from .keys import ClientKey
from .members import is_localized
from .registration import KNOWN

MEMBER: Final = "software_statement"
SKEW_SECONDS: Final = 60


class InvalidSoftwareStatementError(RefusedError):
    """The statement proves nothing (RFC 7591 §3.2.2); the message quotes nothing of it."""

    code = "invalid_software_statement"


class UnapprovedSoftwareStatementError(RefusedError):
    """The statement is by somebody who is not trusted here, or not for this (RFC 7591 §3.2.2)."""

    code = "unapproved_software_statement"


class SoftwareStatements:
    """Reads software statements.

    Args:
        issuers: Who is trusted, by ``iss``, with their public keys.
        clock: Source of the time.
    """

    def __init__(self, issuers: Mapping[str, Sequence[ClientKey]], clock: Clock) -> None:
        self._issuers = issuers
        self._clock = clock

    def vouched(self, metadata: Mapping[str, Any], *, required_issuer: str = "") -> dict[str, Any]:
        """Give the members of a request, those that a statement in it vouches for as the statement has them.

        Args:
            metadata: As received.
            required_issuer: Who must vouch; "" lets applications come without a statement.

        Raises:
            InvalidSoftwareStatementError, UnapprovedSoftwareStatementError: with one sentence.

        Source: RFC 7591 §3.1.1: what the statement conveys takes precedence.
        """
        if MEMBER not in metadata:
            if required_issuer:
                raise InvalidSoftwareStatementError("A software statement is needed with this token.")
            return dict(metadata)
        claims = self._claims(metadata[MEMBER])
        if required_issuer and claims["iss"] != required_issuer:
            raise UnapprovedSoftwareStatementError("The software statement is not by the issuer that this token asks for.")
        return {**metadata, **{name: value for name, value in claims.items()
                               if (name in KNOWN or is_localized(name)) and name != MEMBER and value is not None}}

    def _claims(self, statement: Any) -> dict[str, Any]:
        try:
            issuer = jwt.unverified_claims(statement).get("iss")
            header = jwt.header_of(statement)
        except jwt.InvalidTokenError:
            raise InvalidSoftwareStatementError("The software statement is not a signed JWT.") from None
        if not isinstance(issuer, str) or not issuer:
            raise InvalidSoftwareStatementError("The software statement does not say who vouches.")
        keys = self._issuers.get(issuer)
        if keys is None:
            raise UnapprovedSoftwareStatementError("The issuer of the software statement is not trusted here.")
        alg, kid = header["alg"], header.get("kid")
        if alg not in assertion.ALGORITHMS:
            raise InvalidSoftwareStatementError("The algorithm of the software statement is not accepted.")
        for key in keys:
            if kid is not None and key.kid is not None and key.kid != kid:
                continue
            try:
                return jwt.verify(statement, key, algorithms=(alg,), typ=None, issuer=issuer, audience=None,
                                  now=self._clock.now(), leeway=SKEW_SECONDS)
            except jwt.BadSignatureError:
                continue
            except jwt.InvalidTokenError as err:
                raise InvalidSoftwareStatementError(err.message.replace("The token", "The software statement", 1)) from None
        raise InvalidSoftwareStatementError("The software statement is not signed by its issuer.")
