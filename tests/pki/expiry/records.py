"""Certificates that stand in a store, made without their course."""

from __future__ import annotations

import itertools
from typing import Any

from idp.audit import AuditEvent, AuditRecord
from idp.pki.enrollment.record import DeviceKind, Enrollment, EnrollmentStore, Kind, Purpose, entry_of
from idp.pki.enrollment.states import ON_THE_WAY, Act, Part, State

_NUMBERS = itertools.count(1)


def put(store: EnrollmentStore, unit: str, not_after: int | None, *, state: State = State.ACTIVE, holder: str = "",
        replaces: str = "", purpose: Purpose = Purpose.NEW, **more: Any) -> Enrollment:
    """Keep one in a state, as if it had come there."""
    number = next(_NUMBERS)
    made = Enrollment(**{
        "enrollment_id": f"2026-{number:08}", "kind": Kind.PERSON, "purpose": purpose, "holder": holder or f"sub-{number}",
        "unit_code": unit, "unit_name": f"Đơn vị {unit}", "name": f"Nguyễn Văn Mẫu {number}",
        "mail": f"mau{number}@haugiang.gov.vn", "device_kind": DeviceKind.TOKEN, "replaces": replaces, "state": state, "since": 1,
        "requester": "r", "serial": "" if state in ON_THE_WAY else f"{number:x}", "issuer": "CN=CA", "not_before": 1,
        "not_after": not_after, **more})
    assert store.add(made, entry_of(None, made, Act.SUBMIT, at=1, actor="r", part=Part.AGENCY),
                     AuditRecord(AuditEvent.ENROLLMENT_ASKED, 1, sub=made.holder))
    return made
