"""Tables of what officers gave applications: requests, grants, codes, tokens, consents."""

from __future__ import annotations

from sqlalchemy import Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, ClientId, Digest, Epoch, Subject, Words

_BY_PHONE = text("phone_at IS NOT NULL")


class GrantRow(Base):
    """What an officer gave one application: the family that codes, refresh and access tokens belong to."""

    __tablename__ = "oauth_grant"
    grant_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[ClientId]
    sub: Mapped[Subject]
    sid: Mapped[str] = mapped_column(String(64), index=True)
    scope: Mapped[Words]
    offline: Mapped[bool]
    """offline_access was granted: the family outlives the session."""
    auth_time: Mapped[Epoch]
    acr: Mapped[int] = mapped_column(Integer)
    amr: Mapped[str] = mapped_column(String(128))
    nonce: Mapped[Words]
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch]
    """Absolute end of the family, whatever is rotated."""
    revoked_at: Mapped[Epoch | None]
    revoke_reason: Mapped[str] = mapped_column(String(32))
    details: Mapped[Words] = mapped_column(Text, server_default="")
    """JSON object of what was asked for beyond scopes, such as claims by name; empty where nothing was, which is the rule."""
    __table_args__ = (Index("ix_oauth_grant_sub_client_id", "sub", "client_id"),
                      Index("ix_oauth_grant_client_id_created_at", "client_id", "created_at"),
                      Index("ix_oauth_grant_expires_at", "expires_at"))


class AuthorizationCodeRow(Base):
    """A code, kept after use as a tombstone so that a replay can be punished."""

    __tablename__ = "authorization_code"
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    grant_id: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[ClientId]
    redirect_uri: Mapped[Words]
    """As sent in the authorization request."""
    code_challenge: Mapped[str] = mapped_column(String(128))
    code_challenge_method: Mapped[str] = mapped_column(String(16))
    dpop_jkt: Mapped[str] = mapped_column(String(64), server_default="")
    """Thumbprint of the key that has to redeem it; empty for any."""
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    used_at: Mapped[Epoch | None]


class RefreshTokenRow(Base):
    """A refresh token; ``used_at`` also marks one that its successor's replacement made worthless."""

    __tablename__ = "refresh_token"
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    grant_id: Mapped[str] = mapped_column(String(64), index=True)
    client_id: Mapped[ClientId]
    scope: Mapped[Words]
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    used_at: Mapped[Epoch | None]
    successor: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Digest of the token that replaced it."""
    confirmation: Mapped[str] = mapped_column(String(64), server_default="")
    """What it is bound to, ``jkt:...`` or ``x5t#S256:...``; empty where the client's authentication binds it."""


class AccessTokenRow(Base):
    """An access token: digest of the opaque value, or of the jti of a JWT (RFC 9068)."""

    __tablename__ = "access_token"
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    grant_id: Mapped[str] = mapped_column(String(64), index=True)
    """Empty for client credentials."""
    client_id: Mapped[ClientId]
    scope: Mapped[Words]
    audience: Mapped[Words]
    """Space-separated resources and client ids; empty: the issuer's own resources."""
    issued_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    revoked_at: Mapped[Epoch | None]
    confirmation: Mapped[str] = mapped_column(String(64), server_default="")
    """What it is bound to; empty for a bearer token."""
    actors: Mapped[Words] = mapped_column(Text, server_default="")
    """Applications that act for the officer by exchange, the newest first, space-separated; empty where it was not exchanged."""
    details: Mapped[Words] = mapped_column(Text, server_default="")
    """JSON list of what it allows beyond scopes (RFC 9396); empty where nothing, which is the rule."""
    __table_args__ = (Index("ix_access_token_machine", "client_id", "issued_at", sqlite_where=text("grant_id = ''"),
                            postgresql_where=text("grant_id = ''")),)


class PushedRequestRow(Base):
    """A pushed authorization request (RFC 9126)."""

    __tablename__ = "pushed_request"
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of the request_uri."""
    client_id: Mapped[ClientId]
    request: Mapped[Words]
    """JSON of the checked request."""
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    used_at: Mapped[Epoch | None]
    """When something was issued for it."""


class DeferredAuthorizationRow(Base):
    """An authorization that a client waits for (oauth/deferred/), kept after use so that it is not used twice."""

    __tablename__ = "deferred_authorization"
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    """Of what the client polls with: device_code, auth_req_id."""
    kind: Mapped[str] = mapped_column(String(16))
    """device | ciba."""
    client_id: Mapped[ClientId]
    user_code_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    sub: Mapped[Subject]
    """Whose answer is asked for; empty where whoever types the user code answers."""
    request: Mapped[Words]
    source: Mapped[str] = mapped_column(String(64))
    details: Mapped[Words]
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    interval_seconds: Mapped[int] = mapped_column(Integer)
    last_polled_at: Mapped[Epoch | None]
    state: Mapped[str] = mapped_column(String(16))
    """pending | approved | denied | used."""
    decided_at: Mapped[Epoch | None]
    grant_id: Mapped[str | None] = mapped_column(String(64))
    phone_at: Mapped[Epoch | None]
    """When somebody looks what the officer's phone is to be asked, or has said; empty where it is not asked, or not any more."""
    __table_args__ = (Index("ix_deferred_authorization_sub_expires_at", "sub", "expires_at"),
                      Index("ix_deferred_authorization_phone_at", "phone_at", sqlite_where=_BY_PHONE, postgresql_where=_BY_PHONE))


class ConsentRow(Base):
    """What an officer agreed to share with an application that asks."""

    __tablename__ = "consent"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    client_id: Mapped[ClientId] = mapped_column(primary_key=True)
    scope: Mapped[Words]
    """Space-separated scopes, and ``claim:<name>`` for claims that were asked for by name."""
    given_at: Mapped[Epoch]
    withdrawn_at: Mapped[Epoch | None]
    __table_args__ = (Index("ix_consent_client_id_given_at", "client_id", "given_at"),)


class PostChoiceRow(Base):
    """In which of several posts an officer acts, for one application in one session."""

    __tablename__ = "post_choice"
    sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[ClientId] = mapped_column(primary_key=True)
    unit_code: Mapped[Words]
    title: Mapped[Words]
    chosen_at: Mapped[Epoch] = mapped_column(index=True)
