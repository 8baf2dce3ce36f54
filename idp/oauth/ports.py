"""What the OAuth room needs from outside: the store of grants and tokens, the session's facts, the keys.

Spec: RFC 6749 §4.1.2 (a code is used once), §6 and §10.4 (refresh tokens); these are the verbs that keep them.
Tokens and codes are known to the store only as SHA-256 digests (32 bytes). Every verb may raise UnavailableError; whether a
write happened is then unknown, and the caller gives no token.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from ..audit import AuditRecord
from .grant import Grant, Standing


def digest(secret: str) -> bytes:
    """Give what the store knows of a code or token: SHA-256 of its text (the value has 256 random bits, so no salt)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class SessionFacts(Protocol):
    """What a grant takes over from the session it is given in (``sessions.single_sign_on.Session``)."""

    @property
    def sid(self) -> str:
        """Identifier of the session."""
        ...

    @property
    def sub(self) -> str:
        """The officer's stable subject."""
        ...

    @property
    def auth_time(self) -> int:
        """When the officer last proved who they are."""
        ...

    @property
    def acr(self) -> int:
        """Assurance level reached, 1-3."""
        ...

    @property
    def amr(self) -> tuple[str, ...]:
        """Factors used."""
        ...

    @property
    def expires_at(self) -> int:
        """Absolute limit of the session."""
        ...


@dataclass(frozen=True, slots=True)
class StoredCode:
    """An authorization code as the store has it, used ones too.

    Attributes:
        dpop_jkt: Thumbprint of the key that has to redeem it (RFC 9449 §10); "" for any.
    """

    digest: bytes
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    expires_at: int
    used_at: int | None
    grant: Grant
    dpop_jkt: str = ""

    def get_redirect_uri(self) -> str:
        """Give the redirect URI of the authorization request (asked by Authlib)."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Give the scope that was agreed (asked by Authlib)."""
        return self.grant.scope


@dataclass(frozen=True, slots=True)
class StoredRefreshToken:
    """A refresh token as the store has it, used ones too.

    Attributes:
        used_at: When it was exchanged, or made worthless by a repeat; None while it is live.
        successor: Digest of the token that it was exchanged for last.
        successor_used: That one was used as well, or is not known.
        confirmation: What it is bound to (``proof.confirmation``); "" where the client's own authentication binds it.
    """

    digest: bytes
    scope: str
    expires_at: int
    used_at: int | None
    successor: bytes | None
    successor_used: bool
    grant: Grant
    confirmation: str = ""

    def check_client(self, client: object) -> bool:
        """Tell whether it was issued to this client (asked by Authlib)."""
        return getattr(client, "client_id", None) == self.grant.client_id

    def get_scope(self) -> str:
        """Give the scope of the token (asked by Authlib)."""
        return self.scope


@dataclass(frozen=True, slots=True)
class StoredAccessToken:
    """An access token as the store has it.

    Attributes:
        audience: Whom it is for: resources and client ids; empty for the issuer alone.
        login_name: The officer's uid; "" without an officer.
        grant: None for client credentials.
        confirmation: What it is bound to; "" for a bearer token.
        actors: Applications that act for the officer by exchange, the newest first (``delegation``).
        details: What it allows beyond scopes (``rich_authorization.spell``); "" for nothing.
    """

    digest: bytes
    client_id: str
    scope: str
    audience: tuple[str, ...]
    issued_at: int
    expires_at: int
    revoked_at: int | None
    login_name: str
    grant: Grant | None
    confirmation: str = ""
    actors: tuple[str, ...] = ()
    details: str = ""


@dataclass(frozen=True, slots=True)
class NewTokens:
    """The rows that one token answer makes; the values themselves go to the client only.

    Attributes:
        audience: Space-separated, as ``StoredAccessToken.audience``.
        refresh_digest: None where no refresh token is given.
        refresh_scope: Scope of the refresh token, which a narrowed access token does not narrow (RFC 6749 §6).
        refresh_expires_at: Absolute end of the family.
        confirmation: What the access token is bound to.
        refresh_confirmation: What the refresh token is bound to.
        actors: Applications that act for the officer by exchange, the newest first.
        details: As ``StoredAccessToken.details``.
    """

    access_digest: bytes
    client_id: str
    grant_id: str
    scope: str
    issued_at: int
    expires_at: int
    audience: str = ""
    refresh_digest: bytes | None = None
    refresh_scope: str = ""
    refresh_expires_at: int = 0
    confirmation: str = ""
    refresh_confirmation: str = ""
    actors: tuple[str, ...] = ()
    details: str = ""


class GrantStore(Protocol):
    """Where grants, codes and tokens rest. Each write is one atomic act with its audit record in it."""

    def officer(self, sub: str) -> Standing | None:
        """Give how an officer stands as mirrored; of sessions it tells nothing."""
        ...

    def issue_code(self, code: StoredCode, record: AuditRecord, *, pushed: bytes = b"") -> bool:
        """Keep a new grant with its code, note that the client takes part in the session, and use up a pushed request.

        Args:
            code: With its grant.
            record: For the audit.
            pushed: Digest of the pushed request that it answers (RFC 9126); b"" for none.

        Returns:
            False, and nothing written, when the session has ended or passed its absolute limit, the officer is not active, or
            the pushed request was used before or is gone. Of several callers with one pushed request at most one gets True.
        """
        ...

    def issue_front_channel(self, grant: Grant, record: AuditRecord, *, code: StoredCode | None,
                            tokens: NewTokens | None, pushed: bytes = b"") -> bool:
        """Keep a new grant with all that leaves for it through the browser, and note that the client takes part in the session.

        False, and nothing written, as for ``issue_code``. Code and access token are None where they were not asked for; a
        refresh token there never is.
        """
        ...

    def code(self, digest: bytes) -> StoredCode | None:
        """Find a code, used ones too, so that a replay can be punished."""
        ...

    def redeem(self, code_digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Use a code and keep the tokens given for it, durably. Of several callers at most one gets True.

        False, and nothing written, when the code was used before, its grant is revoked or its session was ended.
        """
        ...

    def refresh_token(self, digest: bytes) -> StoredRefreshToken | None:
        """Find a refresh token, used ones too."""
        ...

    def rotate(self, old_digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Exchange an unused refresh token for a new one, durably. Of several callers at most one gets True.

        False, and nothing written, when the token was used before or its grant is revoked.
        """
        ...

    def renew(self, kept_digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Give a new access token for a refresh token that stays; a crash may lose the last moment's: the client asks again.

        False, and nothing written, when the token was used up before or its grant is revoked.
        """
        ...

    def replace_successor(self, old_digest: bytes, successor: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Answer a repeat: the unused successor becomes worthless and a new token takes its place, durably.

        False, and nothing written, when the successor was used or replaced meanwhile, or the grant is revoked.
        """
        ...

    def revoke(self, grant_id: str, reason: str, now: int, record: AuditRecord) -> bool:
        """End a grant and with it everything issued from it, durably. False when it had ended before."""
        ...

    def access_token(self, digest: bytes) -> StoredAccessToken | None:
        """Find an access token."""
        ...

    def save_access_token(self, tokens: NewTokens, record: AuditRecord) -> None:
        """Keep an access token of client credentials or of an exchange.

        A crash may lose the last moment's; the client asks again.
        """
        ...

    def issue_without_session(self, grant: Grant, tokens: NewTokens, record: AuditRecord) -> bool:
        """Keep a new grant that has no session, with its access token; a crash may lose the last moment's.

        False, and nothing written, when the officer is not active.
        """
        ...

    def revoke_access_token(self, digest: bytes, now: int, record: AuditRecord) -> bool:
        """End one access token, durably. False when it had ended before."""
        ...

    def note(self, record: AuditRecord, *, kind: bytes, seconds: int) -> bool:
        """Keep an audit record of a refusal, unless one of its kind (32 bytes) was kept in the last seconds, by any node.

        Of several callers at most one gets True. A crash may lose the last moment's.
        """
        ...


class SeenOnce(Protocol):
    """Remembers what may come once: a jti of an assertion, of a proof, of a request object (security checklist 15)."""

    def take(self, kind: str, value: str, *, now: int, expires_at: int) -> bool:
        """Take a value, durably. Of several callers with one kind and value exactly one gets True until ``expires_at``."""
        ...
