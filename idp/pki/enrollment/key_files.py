"""The key of an officer's pilot certificate in software: made once, for its holder, when the province has approved and sent it.

Sources: RFC 7292; security checklist 51 and 54; the approvals of ``desk`` come first, so that this is no way around them. Key,
file and password exist within one call. Of two calls at the same moment one gets a file: the other's certificate is revoked
before anybody could use it. A process that dies in between leaves a certificate whose key nobody has, and the request as it was.
"""

from __future__ import annotations

from ...audit import Caller
from ...errors import RefusedError
from ..authority.issuance import Issuance
from ..authority.portable import Portable, PortableCertificates
from ..authority.ports import Reason
from .desk import Desk
from .moves import SYSTEM, Actor, ConflictError
from .record import Enrollment
from .wanted import wanted


class KeyFiles:
    """Makes key files.

    Args:
        desk: Requests.
        portable: Makes a key with its certificate in a file.
        issuance: Revokes what was issued and given to nobody.
        organization: The province.
    """

    def __init__(self, desk: Desk, portable: PortableCertificates, issuance: Issuance, *, organization: str) -> None:
        self._desk, self._portable, self._issuance, self._organization = desk, portable, issuance, organization

    def make(self, sub: str, number: str, caller: Caller) -> tuple[Enrollment, Portable]:
        """Make the key of a request, have it certified, and give both in a file.

        Args:
            sub: The officer; nobody else's request is found.
            number: The request.
            caller: Who asks.

        Raises:
            RefusedError: 404 for what is not the officer's; 403 ``officer``; as ``Issuance.issue``.
            ConflictError: ``wrong_state``: it waits for no key, or it has one; ``changed``: somebody was first.
        """
        found, _ = self._desk.one(Actor(sub), number)
        if found.holder != sub or not found.waits_for_key:
            raise ConflictError("This request does not wait for a key.", code="wrong_state")
        made = self._portable.of_request(wanted(found, self._organization), caller)
        certificate, record = made.issued.certificate, made.issued.record
        try:
            after = self._desk.issued(
                SYSTEM, found, serial=record.serial, issuer=certificate.issuer.rfc4514_string(), not_before=record.not_before,
                not_after=record.not_after, certificate=record.der, device_serial="", caller=caller)
        except RefusedError:
            self._issuance.revoke(record.serial, Reason.SUPERSEDED, caller, authority=record.authority)
            raise
        return after, made
