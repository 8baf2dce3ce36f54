"""Active Directory, Microsoft's or Samba's.

Spec: MS-ADTS §3.1.1.3.1.5 (unicodePwd), §3.1.1.3.2 (rootDSE: tokenGroups, currentTime), §3.1.1.3.4.4.3 (chain of memberships),
§3.1.1.4.5 (constructed attributes), §2.2.16 (userAccountControl), §5.1.1.5 and the sub-codes of a refused bind.

The stable identifier is objectGUID, which a rename and a move leave alone. Agencies are organisational units with the agency's
code in businessCategory and its name in displayName, because the schema of a domain is rarely extended; where it is, ``vn...``
attributes go before. The primary group (Domain Users) is in no list of memberships and counts for nothing here.

A password that must be changed, or has expired, opens no connection at all. Its owner changes it over a connection of the service
account all the same, because a change proves the old password to the server; what a service account may not do is reset.

Departure: a refusal for its quality is one code, whatever was wrong. What it was is found out from the domain's rules and the
officer's (fine-grained) ones, as far as they may be read.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Final

import ldap
from ldap.controls import SimplePagedResultsControl

from ....clock import Clock
from ....directory.officer import BindOutcome, BindResult, ChangeResult, Officer
from ....directory.term import ENDED, as_of
from ....directory.unit import Unit, UnitTree, is_unit_code
from ..dialect import Attributes, BindAnswer, Lent, Needs, Pages
from ..entries import GUESTS, UNIT_ATTRIBUTES, officer_of, unit_of
from ..openldap import NO_SUCH_ACCOUNT
from ..server import DEAD, READ_ONLY, describe, escaped, unavailable
from .filetime import NEVER, number, seconds_of
from .rules import rules_for

IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
_AUTHENTICATED: Final = bytes.fromhex("01010000000000050b000000")
"""S-1-5-11, Authenticated Users: who has it is not anonymous (S-1-5-7)."""
_ACCOUNT_DISABLED: Final = 0x2
_EXPIRY: Final = "msDS-UserPasswordExpiryTimeComputed"
_SUB_CODE: Final = re.compile(r"\bdata ([0-9a-fA-F]{1,8})\b")
_WRONG_PASSWORD, _PASSWORD_RESTRICTION = 0x56, 0x52D

REFUSALS: Final = {
    0x525: BindAnswer(BindOutcome(BindResult.WRONG), hashed=False),
    0x52E: BindAnswer(BindOutcome(BindResult.WRONG), hashed=True),
    0x530: BindAnswer(BindOutcome(BindResult.DISABLED), hashed=True),
    0x531: BindAnswer(BindOutcome(BindResult.DISABLED), hashed=True),
    0x532: BindAnswer(BindOutcome(BindResult.MUST_CHANGE), hashed=True),
    0x533: BindAnswer(BindOutcome(BindResult.DISABLED), hashed=True),
    0x701: BindAnswer(BindOutcome(BindResult.DISABLED), hashed=True),
    0x773: BindAnswer(BindOutcome(BindResult.MUST_CHANGE), hashed=True),
    0x775: BindAnswer(BindOutcome(BindResult.LOCKED), hashed=False),
}
"""Sub-codes of error 49: no such user, wrong, not at this hour, not from this machine, expired, disabled, account expired, must
change, locked. All but 525, 52e and 775 are told with the right password only. An expired password may be changed, as at a
workstation."""


def sub_code(err: Exception) -> int | None:
    """Read the hexadecimal ``data`` part of what a refused bind says; None when there is none."""
    details = err.args[0] if err.args and isinstance(err.args[0], dict) else {}
    found = _SUB_CODE.search(str(details.get("info") or ""))
    return int(found[1], 16) if found else None


class ActiveDirectory:
    """Satisfies the ``Dialect`` protocol.

    Args:
        base_dn: Where groups are looked for.
        clock: Tells what has ended.
        guests: Values of employeeType, in lower case, that make somebody a guest.
    """

    people_filter = "(&(objectCategory=person)(objectClass=user))"
    officer_attributes: tuple[str, ...] = (
        "objectGUID", "sAMAccountName", "userAccountControl", "accountExpires", "cn", "displayName", "sn", "givenName", "mail",
        "telephoneNumber", "mobile", "employeeNumber", "departmentNumber", "department", "title", "vnPost", "memberOf",
        "employeeType", "manager", "streetAddress", "l", "st", "postalCode", "postalAddress")
    unit_filter = "(&(objectCategory=organizationalUnit)(|(vnUnitCode=*)(businessCategory=*)))"
    unit_attributes: tuple[str, ...] = (*UNIT_ATTRIBUTES, "objectGUID", "businessCategory", "displayName", "ou")
    group_filter = "(objectCategory=group)"
    groups_name_members = False
    needs = Needs({SimplePagedResultsControl.controlType: "paged results"}, "Use a domain controller, not a global catalogue.",
                  "Give it a password, and fine-grained rules with a lockout threshold of 0.")

    def __init__(self, base_dn: str, clock: Clock, guests: Collection[str] = GUESTS) -> None:
        self._base_dn = base_dn
        self._clock, self._guests = clock, guests

    def named(self, login_name: str) -> str:
        """Find by sAMAccountName; by mail or userPrincipalName where there is an @."""
        if "@" in login_name:
            return escaped("(|(mail=%s)(userPrincipalName=%s))", login_name, login_name)
        return escaped("(sAMAccountName=%s)", login_name)

    def identified(self, entry_uuid: str) -> str | None:
        """Find by objectGUID, whose first three parts are stored with the least byte first."""
        try:
            guid = uuid.UUID(entry_uuid)
        except ValueError:
            return None
        if str(guid) != entry_uuid.lower():
            return None
        return f"(objectGUID={''.join(f'{chr(92)}{byte:02x}' for byte in guid.bytes_le)})"

    def group(self, name: str) -> str:
        """Find by cn."""
        return escaped("(&(objectCategory=group)(cn=%s))", name)

    def members(self, group_dn: str) -> str:
        """Find whom the group holds, through other groups too."""
        return escaped(f"(memberOf:{IN_CHAIN}:=%s)", group_dn)

    def officer(self, dn: str, attributes: Attributes, tree: UnitTree) -> Officer | None:
        """Read a user."""
        entry_uuid = self.entry_uuid(attributes)
        if not entry_uuid:
            return None
        known = {name: attributes[name] for name in self.officer_attributes if name in attributes}
        known["entryUUID"] = [entry_uuid.encode()]
        for ours, theirs in (("uid", "sAMAccountName"), ("ou", "department"), ("street", "streetAddress")):
            known[ours] = attributes.get(theirs, ())
        officer = officer_of(dn, {name: values for name, values in known.items() if values}, tree, self._guests)
        if officer is None:
            return None
        return as_of(replace(officer, disabled=_is_disabled(attributes), ends_at=_ends_at(attributes) or officer.ends_at),
                     self._clock.now())

    def unit(self, attributes: Attributes) -> Unit | None:
        """Read an organisational unit that has an agency's code."""
        known = dict(attributes)
        codes = [value for value in attributes.get("businessCategory", ()) if is_unit_code(value.decode("utf-8", "replace"))]
        known.setdefault("vnUnitCode", codes[:1])
        known.setdefault("vnUnitName", attributes.get("displayName") or attributes.get("ou", ()))
        return unit_of({name: values for name, values in known.items() if values})

    def unit_coded(self, code: str) -> str:
        """Find by either attribute that holds codes."""
        return escaped("(|(vnUnitCode=%s)(businessCategory=%s))", code, code)

    def entry_uuid(self, attributes: Attributes) -> str:
        """Read objectGUID."""
        guid = attributes.get("objectGUID", ())
        return str(uuid.UUID(bytes_le=bytes(guid[0]))) if guid and len(guid[0]) == 16 else ""

    def is_group(self, attributes: Attributes) -> bool:
        """Look for ``group``."""
        return any(value.lower() == b"group" for value in attributes.get("objectClass", ()))

    def with_groups(self, connection: Any, dn: str, attributes: Attributes, seconds: float) -> Attributes:
        """Ask for the groups that hold the entry directly or through others."""
        what = escaped(f"(&(objectCategory=group)(member:{IN_CHAIN}:=%s))", dn)
        found = connection.search_ext_s(self._base_dn, ldap.SCOPE_SUBTREE, what, ["1.1"], timeout=seconds)
        return {**attributes, "memberOf": [group.encode() for group, _ in found if group is not None]}

    def nesting(self, pages: Pages) -> Callable[[str, Attributes], Attributes]:
        """Read once which group is in which, and follow that for everybody."""
        above = {dn.lower(): attributes.get("memberOf", ())
                 for dn, attributes in pages("(objectCategory=group)", ("memberOf",))}

        def complete(_dn: str, attributes: Attributes) -> Attributes:
            found: dict[str, bytes] = {}
            waiting = list(attributes.get("memberOf", ()))
            while waiting:
                group = waiting.pop()
                key = group.decode("utf-8", "replace").lower()
                if key in above and key not in found:
                    found[key] = group
                    waiting += above[key]
            return {**attributes, "memberOf": list(found.values())}

        return complete

    def is_somebody(self, connection: Any) -> bool:
        """Look for Authenticated Users among the groups of the connection: Samba does not know "who am I"."""
        return _AUTHENTICATED in connection.read_rootdse_s(attrlist=["tokenGroups"]).get("tokenGroups", ())

    def bind(self, connection: Any, dn: str, password: str, seconds: float) -> BindAnswer:
        """Bind, then read when the password expires."""
        try:
            connection.result4(connection.simple_bind(dn, password), 1, seconds)
        except ldap.INVALID_CREDENTIALS as err:
            code = sub_code(err)
            return REFUSALS[0x52E] if code is None else REFUSALS.get(code, REFUSALS[0x52E])
        except NO_SUCH_ACCOUNT:
            return REFUSALS[0x525]
        except DEAD:
            raise
        except ldap.LDAPError as err:
            raise unavailable(f"bind: {describe(err)}") from err
        # A name with an empty password is answered as a success that means nobody (RFC 4513 §5.1.2).
        if not self.is_somebody(connection):
            raise unavailable("an accepted bind is anonymous")
        return BindAnswer(BindOutcome(BindResult.ACCEPTED, None, self._expires_in(connection, dn, seconds)), hashed=True)

    def change(self, connection: Any, dn: str, old: str, new: str, seconds: float, service: Lent) -> ChangeResult:
        """Bind as the owner and change; where the owner cannot bind because of a change due, over the service account."""
        result = self.bind(connection, dn, old, seconds).outcome.result
        if result is BindResult.WRONG:
            return ChangeResult.WRONG_OLD
        if result is BindResult.ACCEPTED:
            return self._replace(connection, dn, old, new, seconds)
        if result is BindResult.MUST_CHANGE:
            with service() as other:
                return self._replace(other, dn, old, new, seconds)
        return ChangeResult.NOT_ALLOWED

    def _replace(self, connection: Any, dn: str, old: str, new: str, seconds: float) -> ChangeResult:
        """Take the old value away and add the new one in one modification: that is a change; a replacement is a reset."""
        try:
            connection.result4(connection.modify_ext(dn, [
                (ldap.MOD_DELETE, "unicodePwd", [_quoted(old)]), (ldap.MOD_ADD, "unicodePwd", [_quoted(new)])]), 1, seconds)
        except (ldap.CONSTRAINT_VIOLATION, ldap.UNWILLING_TO_PERFORM) as err:
            code = _leading_code(err)
            if code == _WRONG_PASSWORD:
                return ChangeResult.WRONG_OLD
            if code == _PASSWORD_RESTRICTION:
                return rules_for(connection, dn, seconds).broken_by(new, now=self._clock.now())
            return ChangeResult.NOT_ALLOWED
        except ldap.INSUFFICIENT_ACCESS:
            return ChangeResult.NOT_ALLOWED
        except DEAD:
            raise
        except ldap.REFERRAL as err:
            raise unavailable(READ_ONLY) from err
        except ldap.LDAPError as err:
            raise unavailable(f"password change: {describe(err)}") from err
        return ChangeResult.CHANGED

    def reset(self, connection: Any, dn: str, new: str, seconds: float) -> ChangeResult:
        """Replace the password and let it have been set at no time, which means that it has to be changed (§3.1.1.3.1.5)."""
        try:
            connection.result4(connection.modify_ext(dn, [
                (ldap.MOD_REPLACE, "unicodePwd", [_quoted(new)]), (ldap.MOD_REPLACE, "pwdLastSet", [b"0"])]), 1, seconds)
        except (ldap.CONSTRAINT_VIOLATION, ldap.UNWILLING_TO_PERFORM) as err:
            if _leading_code(err) == _PASSWORD_RESTRICTION:
                return rules_for(connection, dn, seconds).broken_by(new, now=self._clock.now())
            return ChangeResult.NOT_ALLOWED
        except (ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT):
            return ChangeResult.NOT_ALLOWED
        except DEAD:
            raise
        except ldap.LDAPError as err:
            raise unavailable(f"password reset: {describe(err)}") from err
        return ChangeResult.CHANGED

    def _expires_in(self, connection: Any, dn: str, seconds: float) -> int | None:
        """Read the seconds left; None where the password never expires or the server does not say."""
        try:
            found = connection.search_ext_s(dn, ldap.SCOPE_BASE, attrlist=[_EXPIRY], timeout=seconds)
        except DEAD:
            raise
        except ldap.LDAPError:
            return None
        expires = number(found[0][1], _EXPIRY) if found else None
        return None if expires in {None, 0, NEVER} else max(0, seconds_of(expires or 0) - self._clock.now())


def _quoted(password: str) -> bytes:
    return f'"{password}"'.encode("utf-16-le")


def _leading_code(err: Exception) -> int | None:
    """Read the Windows error that the text of a refused modification begins with, eight hexadecimal digits."""
    details = err.args[0] if err.args and isinstance(err.args[0], dict) else {}
    head: Sequence[str] = str(details.get("info") or "").split(":", 1)
    try:
        return int(head[0], 16)
    except ValueError:
        return None


def _is_disabled(attributes: Attributes) -> bool:
    return bool((number(attributes, "userAccountControl") or 0) & _ACCOUNT_DISABLED)


def _ends_at(attributes: Attributes) -> int:
    """Give when the account expires, a moment that is never 0; 0 where it does not."""
    expires = number(attributes, "accountExpires")
    return 0 if expires in {None, 0, NEVER} else max(ENDED, seconds_of(expires or 0))
