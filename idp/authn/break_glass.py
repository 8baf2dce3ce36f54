"""The administrator for the day on which nobody else can sign in: one name of this deployment, a password and a one-time code.

Sources: NIST SP 800-63B-4 §3.1.1.2 (verifiers: argon2id of RFC 9106), RFC 6238 §5.2 (a code once), security checklist 23, 27, 28.
Nobody in the directory stands behind it, so nothing that is about officers knows of it: it opens no single sign-on session, and
no application is ever told of it. What a sign-in gives is one token for the administration API, which carries its own end and is
sealed under the key-encryption key: no table holds it, and no other part of this product takes it for an access token.

Off unless the setting names it and the file of its credential is there and closed to others. Every refusal is the same and
costs the same work; why it was is in the audit trail. Taking the file away, or making it anew, ends what was open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ..clock import Clock
from ..errors import ConfigurationError, IdpError, RefusedError
from ..jose.keyset import Sealer
from .lockout import Limits, Lockout, Rule, ThrottledError, network_of
from .password import normalise_login_name
from .password_notice import Once
from .totp import steps_of

LIMITS: Final = Limits(pair=Rule(6), account=Rule(10), source=Rule(30))
"""Fewer from one address than of officers' passwords: there is one such administrator, and each try costs a hash."""
SESSION_SECONDS: Final = 900
ACTS_AS: Final = "@break-glass"
"""Stands in records where an application stands; no client can have this identifier."""
PREFIX: Final = "break-glass."
_LONGEST_TOKEN: Final = 512
_USED_SECONDS: Final = 86400
"""How long a used step is remembered; far longer than it could come again, unless the clock jumps back a day."""

log = logging.getLogger("idp.break_glass")

_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$WsvV/cJuzmHNnPKn/EZX1A$hi5dFrpRjEKq0GI1UwWyv2BlNHzuv2zkCOukkInC3+4"
"""A hash of the same cost whose password nobody has."""


class WrongError(RefusedError):
    """Name, password or code is not right, or there is no such administrator."""

    code = "invalid_credentials"
    status = 400

    def __init__(self) -> None:
        super().__init__("Name, password or code is not right.")


@dataclass(frozen=True, slots=True)
class Credential:
    """What the file holds: the hash of the password (argon2id, encoded) and the seed of the codes (base32)."""

    password_hash: str
    seed: str

    @property
    def id(self) -> str:
        """Tells one credential from the next; tells nothing about it."""
        return hashlib.sha256(f"break glass\0{self.password_hash}\0{self.seed}".encode()).hexdigest()[:32]


class CredentialFile(Protocol):
    """Where the credential lies. Every verb may raise ConfigurationError."""

    def read(self) -> Credential | None:
        """Give it; None where there is none. Raises ConfigurationError where others can use the file, or it is damaged."""
        ...

    def make(self, credential: Credential) -> bool:
        """Write it, closed to others; False, and nothing written, where there is one."""
        ...

    def remove(self) -> bool:
        """Take it away; False where there was none."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """What is shown once."""

    password: str
    seed: str


class BreakGlass:
    """The rule.

    Args:
        name: The login name that the setting gives; "" switches everything off.
        file: Where the credential lies.
        limits: Counts its guesses, by names as typed.
        once: Remembers used codes, for all nodes.
    """

    def __init__(self, name: str, file: CredentialFile, limits: Lockout, once: Once, audit: AuditTrail, sealer: Sealer,
                 clock: Clock) -> None:
        self._name = normalise_login_name(name, mail_domain="")
        self._file = file
        self._limits = limits
        self._once = once
        self._audit = audit
        self._sealer = sealer
        self._clock = clock

    @property
    def named(self) -> bool:
        """Whether the setting switches it on."""
        return self._name != ""

    def problem(self) -> ConfigurationError | None:
        """Say why nobody could sign in although the setting is on; None when somebody could, or the setting is off."""
        try:
            if not self._name or self._file.read() is not None:
                return None
        except ConfigurationError as err:
            return err
        return ConfigurationError("There is no credential of the break-glass administrator.",
                                  remedy="Run: flask --app wsgi break-glass create")

    def there(self) -> bool:
        """Tell whether there is a credential, usable or not."""
        try:
            return self._file.read() is not None
        except ConfigurationError:
            return True

    def sign_in(self, name: str, password: str, code: str, caller: Caller) -> str:
        """Try name, password and code; gives a token that stands for ``SESSION_SECONDS``.

        Raises:
            WrongError: anything is not right, or this is switched off.
            ThrottledError: too many wrong guesses; nothing was tried.
            UnavailableError: the database does not answer; then no guess was counted.
        """
        typed = normalise_login_name(name, mail_domain="")
        try:
            guess = self._limits.take(typed, caller.source)
        except ThrottledError as refusal:
            log.warning("%s: a break-glass sign-in from %s was not tried: too many", caller.request_id, caller.source)
            self._told(AuditEvent.BREAK_GLASS_THROTTLED, caller, typed, limit=refusal.limit)
            raise
        now = self._clock.now()
        try:
            credential = self._credential() if self._name else None
            reason = self._judge(credential, typed, password, code, now)
            if credential is not None and not reason:
                # Nothing is open before the record is kept.
                self._audit.record(self._record(AuditEvent.BREAK_GLASS_SIGNED_IN, caller, minutes=SESSION_SECONDS // 60))
                self._limits.good(guess)
        except IdpError:
            self._limits.release(guess)
            raise
        if credential is None or reason:
            log.warning("%s: a break-glass sign-in from %s was refused", caller.request_id, caller.source)
            self._told(AuditEvent.BREAK_GLASS_REFUSED, caller, typed, reason=reason)
            raise guess.instead or WrongError
        log.warning("%s: the break-glass administrator signed in from %s", caller.request_id, caller.source)
        return self._token(credential, now + SESSION_SECONDS)

    def stands(self, token: str) -> bool:
        """Tell whether a token is one of ours and still good: switched on, the same credential, and within its time."""
        credential = self._credential() if self._name and len(token) <= _LONGEST_TOKEN else None
        if credential is None or not token.startswith(PREFIX):
            return False
        text = token.removeprefix(PREFIX)
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            held = json.loads(self._sealer.open(sealed, context=self._context))
        except (ValueError, ConfigurationError):
            return False
        left = int(held["until"]) - self._clock.now()
        return hmac.compare_digest(str(held["credential"]), credential.id) and 0 < left <= SESSION_SECONDS

    def create(self, caller: Caller) -> Made:
        """Make the credential; password and seed are given this once. Its guesses begin afresh.

        Raises:
            ConfigurationError: there is one, or it cannot be written.
        """
        made = Made(secrets.token_urlsafe(24), pyotp.random_base32(32))
        if self.there():
            self._there_is_one()
        self._audit.record(self._record(AuditEvent.BREAK_GLASS_CREATED, caller))
        if not self._file.make(Credential(_hasher.hash(made.password), made.seed)):
            self._there_is_one()
        if self._name:
            self._limits.clear(self._name)
        log.warning("a break-glass administrator was made")
        return made

    def remove(self, caller: Caller) -> bool:
        """Take the credential away, which ends what is open; False where there was none."""
        if not self.there():
            return False
        self._audit.record(self._record(AuditEvent.BREAK_GLASS_REMOVED, caller))
        return self._file.remove()

    @property
    def _context(self) -> str:
        return f"break glass:{self._name}"

    def _token(self, credential: Credential, until: int) -> str:
        sealed = self._sealer.seal(json.dumps({"credential": credential.id, "until": until}).encode(), context=self._context)
        return PREFIX + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def _credential(self) -> Credential | None:
        try:
            return self._file.read()
        except ConfigurationError as err:
            log.warning("the break-glass credential is not used: %s", err.message)
            return None

    def _judge(self, credential: Credential | None, typed: str, password: str, code: str, now: int) -> str:
        """Give what is wrong, or "" and the code is used up. All is computed, whatever is wrong, so that time tells nothing."""
        if not self._name:
            return "off"  # no secret, for /readyz says when it is on; so it costs no hash either
        right_password = _verified(credential.password_hash if credential else NOBODY, password)
        right_name = hmac.compare_digest(_digest(typed), _digest(self._name))
        steps = steps_of(credential.seed if credential else _NO_SEED, code, now)
        if credential is None:
            return "no_credential"
        if not (right_name and right_password and steps):
            return "wrong"
        fresh = [self._once.take("break-glass code", f"{credential.id}\0{step}", now=now, expires_at=now + _USED_SECONDS)
                 for step in steps]
        return "" if all(fresh) else "reused"

    def _told(self, event: AuditEvent, caller: Caller, typed: str, **detail: str) -> None:
        self._audit.repeated(self._record(event, caller, **detail), about=f"{typed}\0{network_of(caller.source)}")

    def _record(self, event: AuditEvent, caller: Caller, **detail: str | int | bool) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), source=caller.source, request_id=caller.request_id, detail=detail)

    def _there_is_one(self) -> NoReturn:
        raise ConfigurationError("There is a break-glass administrator already.",
                                 remedy="Run: flask --app wsgi break-glass remove")


_NO_SEED: Final = "A" * 32


def _verified(encoded: str, password: str) -> bool:
    try:
        return _hasher.verify(encoded, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
