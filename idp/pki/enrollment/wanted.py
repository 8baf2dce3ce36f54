"""A request as issuers get it: which profile, and the subject that the request was made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..authority.ports import Wanted
from ..authority.subject import Subject
from .record import Enrollment, Kind

_PROFILES: Final = {Kind.PERSON: "officer_signing", Kind.SEAL: "agency_seal", Kind.DEVICE: "tls_client",
                    Kind.SERVICE: "tls_client"}


def wanted(enrollment: Enrollment, organization: str, facts: Mapping[str, str] | None = None) -> Wanted:
    """Give a request as issuers get it."""
    person = enrollment.kind is Kind.PERSON
    subject = Subject(name=enrollment.name, organization=organization, units=(enrollment.unit_name,), title=enrollment.title,
                      mail=enrollment.mail, hosts=() if person or enrollment.kind is Kind.SEAL else (enrollment.name,))
    return Wanted(number=enrollment.enrollment_id, person=person, profile=_PROFILES[enrollment.kind], subject=subject,
                  holder=enrollment.holder, unit_code=enrollment.unit_code, request=enrollment.request, facts=facts or {})
