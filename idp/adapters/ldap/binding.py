"""A person's password at the server: bind and change, with what the password policy says about them.

Spec: RFC 4513 §5.1 (simple bind; an empty password is anonymous), RFC 4532 (who am I), RFC 3062 (password modify),
draft-behera-ldap-password-policy-11 §6 and §8.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import ldap

from ...directory.officer import BindOutcome, BindResult, ChangeResult
from .policy_control import POLICY_REQUEST, RESPONSES, PolicyError, answer_in, answer_of
from .server import DEAD, describe, unavailable

log = logging.getLogger("idp.directory")

_NO_SUCH_ACCOUNT = (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX, ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM,
                    ldap.INSUFFICIENT_ACCESS, ldap.CONSTRAINT_VIOLATION)

_NO_MARKS = (ldap.UNDEFINED_TYPE, ldap.NO_SUCH_ATTRIBUTE, ldap.OBJECT_CLASS_VIOLATION, ldap.CONSTRAINT_VIOLATION,
             ldap.INSUFFICIENT_ACCESS, ldap.UNWILLING_TO_PERFORM)

_CHANGE_ERRORS = {
    PolicyError.PASSWORD_MOD_NOT_ALLOWED: ChangeResult.NOT_ALLOWED,
    PolicyError.MUST_SUPPLY_OLD_PASSWORD: ChangeResult.WRONG_OLD,
    PolicyError.INSUFFICIENT_PASSWORD_QUALITY: ChangeResult.TOO_SIMPLE,
    PolicyError.PASSWORD_TOO_SHORT: ChangeResult.TOO_SHORT,
    PolicyError.PASSWORD_TOO_YOUNG: ChangeResult.TOO_YOUNG,
    PolicyError.PASSWORD_IN_HISTORY: ChangeResult.IN_HISTORY,
    PolicyError.PASSWORD_TOO_LONG: ChangeResult.NOT_ALLOWED,
}


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """Outcome of a bind.

    Attributes:
        hashed: The server compared the password; without it the answer came too soon to be shown as it is.
    """

    outcome: BindOutcome
    hashed: bool


def bind(connection: Any, dn: str, password: str, seconds: float) -> BindAnswer:
    """Bind and read the policy.

    Args:
        connection: A connection that nothing else uses.
        dn: As the server gave it.
        password: Not empty.
        seconds: Time-out.

    Raises:
        UnavailableError: the server demands what the configuration does not give, or took an accepted bind for an anonymous one.
        ldap.LDAPError: an outage.
    """
    try:
        number = connection.simple_bind(dn, password, [POLICY_REQUEST])
        policy = answer_of(connection.result4(number, 1, seconds, resp_ctrl_classes=RESPONSES)[3])
    except ldap.INVALID_CREDENTIALS as err:
        error = answer_in(err).error
        if error == PolicyError.ACCOUNT_LOCKED:
            return BindAnswer(BindOutcome(BindResult.LOCKED), hashed=False)
        result = BindResult.EXPIRED if error == PolicyError.PASSWORD_EXPIRED else BindResult.WRONG
        return BindAnswer(BindOutcome(result), hashed=True)
    except _NO_SUCH_ACCOUNT:
        return BindAnswer(BindOutcome(BindResult.WRONG), hashed=False)
    except DEAD:
        raise
    except ldap.LDAPError as err:
        raise unavailable(f"bind: {describe(err)}") from err
    # RFC 4513 §5.1.1 and §5.1.2: a server may answer success and mean nobody.
    if not connection.whoami_s():
        raise unavailable("an accepted bind is anonymous")
    must_change = policy.error in {PolicyError.CHANGE_AFTER_RESET, PolicyError.PASSWORD_EXPIRED}
    return BindAnswer(BindOutcome(BindResult.MUST_CHANGE if must_change else BindResult.ACCEPTED, policy.grace_left,
                                  policy.expires_in_seconds), hashed=True)


def change(connection: Any, dn: str, old: str, new: str, seconds: float) -> ChangeResult:
    """Change a password as its owner, so that history and quality rules hold and the server hashes.

    Args:
        connection: A connection that nothing else uses.
        dn: As the server gave it.
        old: Current password, not empty.
        new: The wish, not empty.
        seconds: Time-out of each of the two steps.

    Raises:
        UnavailableError: as for ``bind``.
        ldap.LDAPError: an outage.
    """
    result = bind(connection, dn, old, seconds).outcome.result
    if result is BindResult.WRONG:
        return ChangeResult.WRONG_OLD
    if result not in {BindResult.ACCEPTED, BindResult.MUST_CHANGE}:
        return ChangeResult.NOT_ALLOWED
    return _modify(connection, dn, old, new, seconds)


def reset(connection: Any, account: tuple[str, str], dn: str, new: str, seconds: float) -> ChangeResult:
    """Set somebody's password without the old one, and mark it as one that has to be changed (pwdReset, §5.3.9).

    OpenLDAP sets the mark itself where the policy has pwdMustChange; elsewhere it comes second, because setting a password takes
    an earlier one away, and whoever resets keeps a mark of their own for the time between. Under pwdSafeModify OpenLDAP wants the
    old password of everybody who has no ``manage`` access to userPassword, and of those who have it checks no quality.

    Args:
        connection: A connection that nothing else uses.
        account: DN and password of the account that may do this.
        dn: Whose password.
        new: The password.
        seconds: Time-out of each step.

    Raises:
        UnavailableError: the account is refused, or may not do this.
        ldap.LDAPError: an outage.
    """
    try:
        connection.simple_bind_s(*account)
    except DEAD:
        raise
    except ldap.LDAPError as err:
        raise unavailable(f"the account that resets passwords is refused: {describe(err)}") from err
    result = _modify(connection, dn, None, new, seconds)
    if result is ChangeResult.CHANGED:
        try:
            connection.modify_ext_s(dn, [(ldap.MOD_REPLACE, "pwdReset", [b"TRUE"])])
        except _NO_MARKS as err:
            log.warning("directory: a reset password is not marked there as one to be changed: %s", describe(err))
    return result


def _modify(connection: Any, dn: str, old: str | None, new: str, seconds: float) -> ChangeResult:
    try:
        number = connection.passwd(dn, old, new, [POLICY_REQUEST])
        connection.result4(number, 1, seconds, resp_ctrl_classes=RESPONSES)
    except (ldap.CONSTRAINT_VIOLATION, ldap.INSUFFICIENT_ACCESS, ldap.UNWILLING_TO_PERFORM) as err:
        error = answer_in(err).error
        if error in _CHANGE_ERRORS:
            return _CHANGE_ERRORS[PolicyError(error)]
        return ChangeResult.TOO_SIMPLE if isinstance(err, ldap.CONSTRAINT_VIOLATION) else ChangeResult.NOT_ALLOWED
    except DEAD:
        raise
    except ldap.LDAPError as err:
        raise unavailable(f"password change: {describe(err)}") from err
    return ChangeResult.CHANGED
