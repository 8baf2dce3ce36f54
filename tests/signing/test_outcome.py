"""What each code of the standard, and of the services that add to it, means."""

from __future__ import annotations

import pytest

from idp.signing.outcome import FAULTS, STATUS, Outcome, of_fault, of_status

WRITTEN_STATUS = {100: "accepted", 500: "signed", 501: "revoked", 502: "valid", 503: "invalid", 504: "pending", 505: "constraint"}
WRITTEN_FAULTS = {
    "misunderstood": (101, 1011, 1012, 1013, 1014, 102, 108, 701, 702, 703, 710), "text_refused": (1015, 1021, 107, 9005),
    "data_refused": (1016, 1017, 1022, 103, 9006, 9007, 9008), "not_authorized": (104, 1044, 1045),
    "disabled": (1041, 1042, 1043, 109), "unknown_number": (105, 1051, 1052), "not_registered": (1053,),
    "unsuitable_sim": (1054, 2092, 2094), "timed_out": (208, 2081, 2082, 720), "unreachable": (209, 2091, 2093),
    "cancelled": (401, 4011), "wrong_pin": (4012,), "postponed": (4013,), "pin_blocked": (402, 4021, 4032),
    "card_blocked": (403, 4031), "no_key": (404, 4041, 4042), "sim_error": (406, 9003, 9004),
    "registration_failed": (407, 4071, 4072, 4073), "no_certificate": (422, 425),
    "service_down": (405, 423, 424, 600, 601, 602, 603, 750, 760, 770, 780, 900, 9001, 9002)}
FLAT = {code: Outcome(name) for name, codes in WRITTEN_FAULTS.items() for code in codes}


@pytest.mark.parametrize("code", sorted(WRITTEN_STATUS))
def test_status_codes(code: int) -> None:
    assert of_status(code) is Outcome(WRITTEN_STATUS[code])


@pytest.mark.parametrize("code", sorted(FLAT))
def test_fault_codes(code: int) -> None:
    above = code if code < 1000 else code // 10
    assert of_fault(above, code if code >= 1000 else None) is FLAT[code]
    assert of_fault(code) is FLAT[code]


def test_no_code_is_missing_and_none_is_made_up() -> None:
    assert set(STATUS) == set(WRITTEN_STATUS)
    assert set(FAULTS) == set(FLAT)


def test_a_code_that_nobody_wrote_down_counts_as_its_family_and_never_as_a_signature() -> None:
    assert of_fault(401, 4019) is Outcome.CANCELLED
    assert of_fault(4019) is Outcome.CANCELLED
    assert of_fault(199) is Outcome.MISUNDERSTOOD
    assert of_fault(999) is Outcome.SERVICE_DOWN
    for code in (0, 101, 401, 506, 599, -1):
        assert not of_status(code).has_signed
        assert not of_status(code).is_open
    assert not any(of_fault(code, finer).has_signed for code in range(0, 1000, 7) for finer in (None, code * 10 + 1))


def test_only_what_reached_no_phone_is_sent_again() -> None:
    assert [outcome for outcome in Outcome if outcome.may_be_sent_again] == [Outcome.SERVICE_DOWN]
    assert [outcome for outcome in Outcome if outcome.is_open] == [Outcome.ACCEPTED, Outcome.PENDING]
    assert [outcome for outcome in Outcome if outcome.has_signed] == [Outcome.SIGNED, Outcome.VALID]
