"""What a new password must be like in a domain: the domain's own rules, or the fine-grained ones of an officer.

Spec: MS-ADTS §3.1.1.5.2.4 (domain attributes), §3.1.1.4.5.36 (msDS-ResultantPSO), MS-SAMR §3.1.1.7.2 (complexity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ldap

from ....directory.officer import ChangeResult
from ..dialect import Attributes
from ..server import DEAD
from .filetime import number, seconds_of, span

_COMPLEX = 0x1
_FINE_GRAINED = ("msDS-MinimumPasswordLength", "msDS-MinimumPasswordAge", "msDS-PasswordComplexityEnabled")


@dataclass(frozen=True, slots=True)
class DomainRules:
    """Rules, as far as they could be read.

    Attributes:
        min_length: Characters.
        complex: Three of the kinds of characters must occur, and no part of the name.
        changeable_from: Seconds since 1970 from which on the password may be changed again.
    """

    min_length: int = 0
    complex: bool = False
    changeable_from: int = 0

    def broken_by(self, new: str, *, now: int) -> ChangeResult:
        """Say why the domain refused a password; what breaks none of these rules was used before."""
        if len(new) < self.min_length:
            return ChangeResult.TOO_SHORT
        if now < self.changeable_from:
            return ChangeResult.TOO_YOUNG
        kinds = (str.islower, str.isupper, lambda c: c in "0123456789", lambda c: c.isascii() and not c.isalnum(),
                 lambda c: c.isalpha() and not c.islower() and not c.isupper())
        if self.complex and sum(any(kind(c) for c in new) for kind in kinds) < 3:
            return ChangeResult.TOO_SIMPLE
        return ChangeResult.IN_HISTORY


def rules_for(connection: Any, dn: str, seconds: float) -> DomainRules:
    """Read the rules of an entry; those that may not be read are left out.

    Raises:
        ldap.LDAPError: an outage.
    """
    entry = _read(connection, dn, ("pwdLastSet", "msDS-ResultantPSO"), seconds)
    changed = seconds_of(number(entry, "pwdLastSet") or 0)
    fine = entry.get("msDS-ResultantPSO")
    rules = _read(connection, fine[0].decode(), _FINE_GRAINED, seconds) if fine else {}
    if rules:
        return DomainRules(number(rules, "msDS-MinimumPasswordLength") or 0,
                           rules.get("msDS-PasswordComplexityEnabled") == [b"TRUE"],
                           changed + span(number(rules, "msDS-MinimumPasswordAge") or 0))
    root = connection.read_rootdse_s(attrlist=["defaultNamingContext"]).get("defaultNamingContext")
    rules = _read(connection, root[0].decode(), ("minPwdLength", "minPwdAge", "pwdProperties"), seconds) if root else {}
    return DomainRules(number(rules, "minPwdLength") or 0, bool((number(rules, "pwdProperties") or 0) & _COMPLEX),
                       changed + span(number(rules, "minPwdAge") or 0))


def _read(connection: Any, dn: str, names: tuple[str, ...], seconds: float) -> Attributes:
    try:
        found = connection.search_ext_s(dn, ldap.SCOPE_BASE, attrlist=list(names), timeout=seconds)
    except DEAD:
        raise
    except ldap.LDAPError:
        return {}
    return found[0][1] if found else {}
