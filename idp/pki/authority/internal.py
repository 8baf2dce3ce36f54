"""The province's own authority behind the port ``CertificateAuthority``: it issues at once, for pilots, devices and services.

Sources: RFC 2986 §4.2 (a key comes with a request that proves its possession); security checklist 48-50, held by ``issuance``,
whichever place the authority's key is in. A request without a key is refused: keys of others are never made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryptography import x509

from ...audit import Caller
from ...errors import RefusedError
from ..shown_certificate import UNREADABLE
from . import csr
from .issuance import Issuance, Order
from .ports import Certificate, Letter, Received, Status, Told, Wanted


class InternalAuthority:
    """Issues.

    Args:
        issuance: The authority at work.
    """

    def __init__(self, issuance: Issuance) -> None:
        self._issuance = issuance

    def ready(self) -> None:
        """See that there is an authority that issues."""
        if not any(one.kind == "issuing" and one.retired_at is None for one in self._issuance.authorities()):
            raise RefusedError("The province has no authority of its own yet (flask ca init).", code="no_authority", status=409)

    def request(self, letter: Letter, wanted: Sequence[Wanted], caller: Caller) -> Mapping[str, Received | RefusedError]:
        """Issue a certificate for each request; one that was issued for the same key and holder before is given again."""
        given: dict[str, Received | RefusedError] = {}
        for one in wanted:
            try:
                given[one.number] = self._issued(one, letter.issuer, caller)
            except RefusedError as err:
                given[one.number] = err
        return given

    def receive(self, wanted: Wanted, der: bytes, *, dry: bool, told: Told | None = None) -> Received:
        """See that a certificate was issued here for a request, and stands."""
        try:
            serial = f"{x509.load_der_x509_certificate(der).serial_number:x}"
        except UNREADABLE as err:
            raise RefusedError("This is not a certificate.", code="certificate_unreadable", status=422) from err
        found = self._issuance.find(serial)
        if found is None or found.der != der or found.holder != wanted.holder or found.status is not Status.GOOD:
            raise RefusedError("It was not issued here for this holder, or does not stand.", code="certificate_of_others",
                               status=422)
        answer = _received(found)
        if told is not None:
            told(answer)
        return answer

    def _issued(self, wanted: Wanted, issuer: str, caller: Caller) -> Received:
        if not wanted.request:
            raise RefusedError("The request brings no key.", code="no_key", status=422)
        key = csr.read(wanted.request, listed=self._issuance.listed)
        known = self._issuance.of_key(key.spki, wanted.holder, wanted.profile)
        if known is not None:
            return _received(known)
        return _received(self._issuance.issue(Order(
            authority=issuer, profile=wanted.profile, public_key=key.public_key, subject=wanted.subject, holder=wanted.holder,
            unit_code=wanted.unit_code, told=False), caller).record)


def _received(found: Certificate) -> Received:
    issuer = x509.load_der_x509_certificate(found.der).issuer.rfc4514_string()
    return Received(der=found.der, issuer=issuer, serial=found.serial, not_before=found.not_before, not_after=found.not_after)
