"""Initial access tokens: an operator's leave to register so many applications, for so long, on these terms.

Spec: RFC 7591 §1.2 and §3 (initial access token), RFC 6750 §3.1 (how one that is not good is refused). The registration endpoint
is open to nobody else. Everything about a new application that is not its own to say comes from the terms of its token, PKCE
included (security checklist 5 and 37); the terms are checked by the rules for registrations when the token is made. The store
knows a token as SHA-256 only.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Protocol

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...errors import RefusedError
from ..ports import digest
from ..tokens.access_token import TokenRefusedError
from .registration import RegistrationPolicy, default_scope, parse

MOST_QUOTA: Final = 10_000
GRANT_TYPES: Final = ("authorization_code", "refresh_token")
"""What applications may use where the terms do not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every application that is registered with one token.

    Attributes:
        owner: Agency that answers for them.
        owner_unit: Its code, by which agency administrators are told apart; "" for the province's own.
        scope: Scopes they may register.
        grant_types: Grant types they may register.
        require_pkce: False lets those with a secret or keys off; public ones always use PKCE.
        required_acr: Least assurance, an acr value, or "".
        allowed_groups: Officers need one of these groups; empty admits every officer.
        software_issuer: Who must vouch for them with a software statement; "" for nobody.
    """

    owner: str
    consent: Literal["ask", "implied"] = "ask"
    scope: frozenset[str] = default_scope(GRANT_TYPES)
    grant_types: tuple[str, ...] = GRANT_TYPES
    require_pkce: bool = True
    required_acr: str = ""
    allowed_groups: tuple[str, ...] = ()
    software_issuer: str = ""
    owner_unit: str = ""

    def province(self, *, public: bool) -> dict[str, Any]:
        """Give the table ``province`` of a new application."""
        return {"owner": self.owner, "owner_unit": self.owner_unit, "consent": self.consent,
                "require_pkce": self.require_pkce or public,
                "required_acr": self.required_acr, "allowed_groups": list(self.allowed_groups),
                "show_groups": "groups" in self.scope}

    def to_json(self) -> str:
        """Give the form in which they are stored."""
        return json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":"))

    def as_dict(self) -> dict[str, Any]:
        """Give them as JSON has them."""
        return {"owner": self.owner, "consent": self.consent, "scope": " ".join(sorted(self.scope)),
                "grant_types": list(self.grant_types), "require_pkce": self.require_pkce, "required_acr": self.required_acr,
                "allowed_groups": list(self.allowed_groups), "software_issuer": self.software_issuer,
                "owner_unit": self.owner_unit}

    @classmethod
    def from_json(cls, text: str) -> Terms:
        """Read what ``to_json`` gave."""
        stored = json.loads(text)
        return cls(owner=stored["owner"], consent="implied" if stored["consent"] == "implied" else "ask",
                   scope=frozenset(stored["scope"].split()), grant_types=tuple(stored["grant_types"]),
                   require_pkce=stored["require_pkce"], required_acr=stored["required_acr"],
                   allowed_groups=tuple(stored["allowed_groups"]), software_issuer=stored["software_issuer"],
                   owner_unit=stored.get("owner_unit", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialAccessToken:
    """A token as the store has it, without its value.

    Attributes:
        token_id: By which operators name it.
        quota: How many registrations it is good for.
        used: How many there were.
        expires_at: Seconds since the epoch; None for never.
        clients: Identifiers of the applications registered with it that are still there.
    """

    token_id: str
    terms: Terms
    quota: int
    used: int
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    clients: tuple[str, ...] = ()

    def lapse(self, now: int) -> str:
        """Tell why it is good for nothing any more: ``revoked``, ``expired``, ``used_up``; "" while it is good."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return "used_up" if self.used >= self.quota else ""


class InitialAccessStore(Protocol):
    """Where initial access tokens rest. Every write is one act with its audit record."""

    def add(self, token: InitialAccessToken, token_digest: bytes, record: AuditRecord) -> None:
        """Keep a new token."""
        ...

    def find(self, token_digest: bytes) -> InitialAccessToken | None:
        """Find a token by its value, also one that is good for nothing any more; ``clients`` is left empty."""
        ...

    def tokens(self) -> Sequence[InitialAccessToken]:
        """Give all tokens with their clients, the oldest first."""
        ...

    def revoke(self, token_id: str, now: int, record: AuditRecord) -> bool:
        """End a token. False, and nothing written, when it is unknown or had been revoked before."""
        ...


class InitialAccess:
    """Makes, lists, revokes and recognises initial access tokens.

    Args:
        store: Where they rest.
        audit: Takes note of those that are tried in vain.
        clock: Source of the time.
        policy: What this deployment accepts.
        software_issuers: Who is trusted to vouch for applications.
    """

    def __init__(self, store: InitialAccessStore, audit: AuditTrail, clock: Clock, policy: RegistrationPolicy, *,
                 software_issuers: Container[str] = ()) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._policy = policy
        self._software_issuers = software_issuers

    def create(self, terms: Terms, *, quota: int, expires_at: int | None, caller: Caller) -> tuple[InitialAccessToken, str]:
        """Make a token.

        Args:
            terms: What holds for the applications registered with it.
            quota: How many may be registered, 1 to 10,000.
            expires_at: Seconds since the epoch; None for never.
            caller: The operator.

        Returns:
            The token, and its value to be shown once.

        Raises:
            RefusedError: the terms are not such that an application could be registered on them, with one sentence.
        """
        now = self._clock.now()
        terms = self._checked(terms)
        if not 1 <= quota <= MOST_QUOTA:
            raise RefusedError(f"quota: 1 to {MOST_QUOTA} registrations.", code="invalid_terms")
        if expires_at is not None and expires_at <= now:
            raise RefusedError("expires: this moment has passed.", code="invalid_terms")
        value = secrets.token_urlsafe(32)
        token = InitialAccessToken(token_id=secrets.token_hex(6), terms=terms, quota=quota, used=0, created_at=now,
                                   expires_at=expires_at, revoked_at=None)
        self._store.add(token, digest(value), self._record(
            AuditEvent.INITIAL_ACCESS_CREATED, caller, id=token.token_id, owner=terms.owner, quota=quota))
        return token, value

    def tokens(self) -> Sequence[InitialAccessToken]:
        """Give all tokens with their clients, the oldest first."""
        return self._store.tokens()

    def revoke(self, token_id: str, caller: Caller) -> bool:
        """End a token; what was registered with it stays. False when it had been revoked before.

        Raises:
            RefusedError: there is no such token.
        """
        if all(token.token_id != token_id for token in self._store.tokens()):
            raise RefusedError("There is no such initial access token.", code="unknown_token", status=404)
        return self._store.revoke(token_id, self._clock.now(),
                                  self._record(AuditEvent.INITIAL_ACCESS_REVOKED, caller, id=token_id))

    def admit(self, value: str, caller: Caller) -> InitialAccessToken:
        """Recognise a token that is good now. Whether it still is when something is registered, the store decides.

        Raises:
            TokenRefusedError: it is unknown, revoked, expired or used up; the answer does not tell which.
        """
        token = self._store.find(digest(value))
        lapse = "unknown" if token is None else token.lapse(self._clock.now())
        if token is None or lapse:
            if token is not None:
                self._audit.record(self._record(AuditEvent.INITIAL_ACCESS_REFUSED, caller, id=token.token_id, reason=lapse))
            raise TokenRefusedError("The initial access token is not valid.")
        return token

    def _checked(self, terms: Terms) -> Terms:
        """Judge the terms by registering nothing with them."""
        code = "authorization_code" in terms.grant_types
        sample = parse({"redirect_uris": ["https://application.example/"] if code else [], "scope": " ".join(terms.scope),
                        "grant_types": list(terms.grant_types), "province": terms.province(public=False)},
                       self._policy, client_id="sample", source="registered")
        if not sample.owner:
            raise RefusedError("owner: an agency must answer for the applications.", code="invalid_terms")
        if terms.software_issuer and terms.software_issuer not in self._software_issuers:
            raise RefusedError("software_issuer: not one of those in IDP_SOFTWARE_ISSUERS_FILE.", code="invalid_terms")
        return replace(terms, owner=sample.owner, owner_unit=sample.owner_unit, grant_types=sample.grant_types,
                       allowed_groups=tuple(sorted(sample.allowed_groups)))

    def _record(self, event: AuditEvent, caller: Caller, **detail: str | int) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), source=caller.source, request_id=caller.request_id,
                           detail={**detail, **caller.by})
