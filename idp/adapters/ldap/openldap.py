"""OpenLDAP, and servers that keep to the same standards.

Spec: RFC 2798 (inetOrgPerson), RFC 4530 (entryUUID), RFC 4532 (who am I), RFC 4513 §5.1 (simple bind; an empty password is
anonymous), RFC 3062 (password modify), draft-behera-ldap-password-policy-11 §6 and §8.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any, Final

import ldap
from ldap.controls import SimplePagedResultsControl

from ...clock import Clock, SystemClock
from ...directory.officer import BindOutcome, BindResult, ChangeResult, Officer
from ...directory.term import as_of
from ...directory.unit import Unit, UnitTree
from .dialect import Attributes, BindAnswer, Lent, Needs, Pages
from .entries import GUESTS, OFFICER_ATTRIBUTES, UNIT_ATTRIBUTES, entry_uuid_of, officer_of, texts_of, unit_of
from .groups import GROUPS, Groups, same_dn
from .policy_control import POLICY_OID, POLICY_REQUEST, RESPONSES, PolicyError, answer_in, answer_of
from .server import DEAD, READ_ONLY, describe, escaped, unavailable

log = logging.getLogger("idp.directory")

NO_SUCH_ACCOUNT: Final = (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX, ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM,
                          ldap.INSUFFICIENT_ACCESS, ldap.CONSTRAINT_VIOLATION)
"""Answers to a bind that are neither an outage nor a comparison of the password."""

_AT_ONCE: Final = 50
_NO_MARKS: Final = (ldap.UNDEFINED_TYPE, ldap.NO_SUCH_ATTRIBUTE, ldap.OBJECT_CLASS_VIOLATION, ldap.CONSTRAINT_VIOLATION,
                    ldap.INSUFFICIENT_ACCESS, ldap.UNWILLING_TO_PERFORM)

_CHANGE_ERRORS: Final = {
    PolicyError.PASSWORD_MOD_NOT_ALLOWED: ChangeResult.NOT_ALLOWED,
    PolicyError.MUST_SUPPLY_OLD_PASSWORD: ChangeResult.WRONG_OLD,
    PolicyError.INSUFFICIENT_PASSWORD_QUALITY: ChangeResult.TOO_SIMPLE,
    PolicyError.PASSWORD_TOO_SHORT: ChangeResult.TOO_SHORT,
    PolicyError.PASSWORD_TOO_YOUNG: ChangeResult.TOO_YOUNG,
    PolicyError.PASSWORD_IN_HISTORY: ChangeResult.IN_HISTORY,
    PolicyError.PASSWORD_TOO_LONG: ChangeResult.NOT_ALLOWED,
}


class OpenLdap:
    """Satisfies the ``Dialect`` protocol.

    Who is in a group is what the groups' own ``member`` says (RFC 4519 §3.5). ``memberOf`` is written behind it by an overlay,
    tells of direct groups only, and is missing on many servers.

    Args:
        base_dn: Where groups are looked for.
        clock: Tells what has ended.
        guests: Values of employeeType, in lower case, that make somebody a guest.
    """

    people_filter = "(objectClass=inetOrgPerson)"
    officer_attributes: tuple[str, ...] = OFFICER_ATTRIBUTES
    unit_filter = "(vnUnitCode=*)"
    unit_attributes: tuple[str, ...] = UNIT_ATTRIBUTES
    group_filter = GROUPS
    groups_name_members = True
    needs = Needs({POLICY_OID: "password policy", SimplePagedResultsControl.controlType: "paged results"},
                  "Load the ppolicy overlay.",
                  "Give it a password policy that never locks (pwdMaxFailure 0), and a password hash.")

    def __init__(self, base_dn: str, clock: Clock | None = None, guests: Collection[str] = GUESTS) -> None:
        self._base_dn = base_dn
        self._clock, self._guests = clock or SystemClock(), guests

    def named(self, login_name: str) -> str:
        """Find by uid, or by mail."""
        return escaped("(mail=%s)" if "@" in login_name else "(uid=%s)", login_name)

    def identified(self, entry_uuid: str) -> str | None:
        """Find by entryUUID."""
        return escaped("(entryUUID=%s)", entry_uuid)

    def group(self, name: str) -> str:
        """Find by cn."""
        return escaped("(&(objectClass=groupOfNames)(cn=%s))", name)

    def members(self, group_dn: str) -> str:
        """Find whom the group names."""
        return escaped("(memberOf=%s)", group_dn)

    def officer(self, dn: str, attributes: Attributes, tree: UnitTree) -> Officer | None:
        """Read an inetOrgPerson."""
        officer = officer_of(dn, attributes, tree, self._guests)
        return None if officer is None else as_of(officer, self._clock.now())

    def unit(self, attributes: Attributes) -> Unit | None:
        """Read a vnUnit."""
        return unit_of(attributes)

    def unit_coded(self, code: str) -> str:
        """Find by vnUnitCode."""
        return escaped("(vnUnitCode=%s)", code)

    def entry_uuid(self, attributes: Attributes) -> str:
        """Read entryUUID."""
        return entry_uuid_of(attributes)

    def is_group(self, attributes: Attributes) -> bool:
        """Look for groupOfNames."""
        return any(value.lower() == b"groupofnames" for value in attributes.get("objectClass", ()))

    def with_groups(self, connection: Any, dn: str, attributes: Attributes, seconds: float) -> Attributes:
        """Ask which groups hold the entry, then which hold those; circles end where they began."""
        found: dict[str, str] = {}
        waiting = [dn]
        while waiting:
            asked, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
            holding = "".join(escaped("(member=%s)", one) for one in asked)
            answer = connection.search_ext_s(self._base_dn, ldap.SCOPE_SUBTREE, f"(&{GROUPS}(|{holding}))", ["1.1"],
                                             timeout=seconds)
            for group in (group for group, _ in answer if group is not None and same_dn(group) not in found):
                found[same_dn(group)] = group
                waiting.append(group)
        return {**attributes, "memberOf": [group.encode() for group in found.values()]}

    def nesting(self, pages: Pages) -> Callable[[str, Attributes], Attributes]:
        """Read all groups once."""
        groups = Groups()
        for dn, attributes in pages(GROUPS, ("member",)):
            groups.add(dn, texts_of(attributes, "member"))
        return lambda dn, attributes: {**attributes, "memberOf": groups.holding(dn)}

    def is_somebody(self, connection: Any) -> bool:
        """Ask who we are (RFC 4532)."""
        return bool(connection.whoami_s())

    def bind(self, connection: Any, dn: str, password: str, seconds: float) -> BindAnswer:
        """Bind and read the policy control."""
        try:
            number = connection.simple_bind(dn, password, [POLICY_REQUEST])
            policy = answer_of(connection.result4(number, 1, seconds, resp_ctrl_classes=RESPONSES)[3])
        except ldap.INVALID_CREDENTIALS as err:
            error = answer_in(err).error
            if error == PolicyError.ACCOUNT_LOCKED:
                return BindAnswer(BindOutcome(BindResult.LOCKED), hashed=False)
            result = BindResult.EXPIRED if error == PolicyError.PASSWORD_EXPIRED else BindResult.WRONG
            return BindAnswer(BindOutcome(result), hashed=True)
        except NO_SUCH_ACCOUNT:
            return BindAnswer(BindOutcome(BindResult.WRONG), hashed=False)
        except DEAD:
            raise
        except ldap.LDAPError as err:
            raise unavailable(f"bind: {describe(err)}") from err
        # RFC 4513 §5.1.1 and §5.1.2: a server may answer success and mean nobody.
        if not self.is_somebody(connection):
            raise unavailable("an accepted bind is anonymous")
        must_change = policy.error in {PolicyError.CHANGE_AFTER_RESET, PolicyError.PASSWORD_EXPIRED}
        return BindAnswer(BindOutcome(BindResult.MUST_CHANGE if must_change else BindResult.ACCEPTED, policy.grace_left,
                                      policy.expires_in_seconds), hashed=True)

    def change(self, connection: Any, dn: str, old: str, new: str, seconds: float, service: Lent) -> ChangeResult:
        """Bind as the owner, then use the password modify operation."""
        result = self.bind(connection, dn, old, seconds).outcome.result
        if result is BindResult.WRONG:
            return ChangeResult.WRONG_OLD
        if result not in {BindResult.ACCEPTED, BindResult.MUST_CHANGE}:
            return ChangeResult.NOT_ALLOWED
        return self._modify(connection, dn, old, new, seconds)

    def reset(self, connection: Any, dn: str, new: str, seconds: float) -> ChangeResult:
        """Use the password modify operation without the old password, then mark it as one to be changed (pwdReset, §5.3.9).

        OpenLDAP marks it itself where the policy has pwdMustChange; elsewhere the mark comes second, because setting a password
        takes an earlier one away, and whoever resets keeps a mark of their own for the time between. Under pwdSafeModify OpenLDAP
        wants the old password of everybody who has no ``manage`` access to userPassword, and of those who have it checks no
        quality.
        """
        result = self._modify(connection, dn, None, new, seconds)
        if result is ChangeResult.CHANGED:
            try:
                connection.modify_ext_s(dn, [(ldap.MOD_REPLACE, "pwdReset", [b"TRUE"])])
            except _NO_MARKS as err:
                log.warning("directory: a reset password is not marked there as one to be changed: %s", describe(err))
        return result

    def _modify(self, connection: Any, dn: str, old: str | None, new: str, seconds: float) -> ChangeResult:
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
        except ldap.REFERRAL as err:
            raise unavailable(READ_ONLY) from err
        except ldap.LDAPError as err:
            raise unavailable(f"password change: {describe(err)}") from err
        return ChangeResult.CHANGED
