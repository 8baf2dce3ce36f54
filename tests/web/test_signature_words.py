"""Every code of a mobile signature service, and every end of a signature, has its sentence in both languages: what to do next."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from idp.signing.outcome import FAULTS, STATUS, Outcome, of_fault, of_status
from idp.signing.transaction import DENIED, NOT_FETCHED, SIM_BLOCKED, STANDING_UNKNOWN
from idp.web.signature_words import outcomes
from tests.pages.catalogue import TRANSLATIONS, compile_missing

CODES = (
    100, 500, 501, 502, 503, 504, 505,
    101, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 102, 1021, 1022, 103, 104, 1041, 1042, 1043, 1044, 1045, 105, 1051, 1052, 1053,
    1054, 107, 108, 109, 208, 2081, 2082, 209, 2091, 2092, 2093, 2094, 401, 4011, 4012, 4013, 402, 4021, 403, 4031, 4032, 404,
    4041, 4042, 405, 406, 407, 4071, 4072, 4073, 422, 423, 424, 425, 600, 601, 602, 603, 701, 702, 703, 710, 720, 750, 760, 770,
    780, 900, 9001, 9002, 9003, 9004, 9005, 9006, 9007, 9008)
"""Those of ETSI TS 102 204 and the finer ones that services add; written out here, not taken from the product's own table."""
ENDS = (DENIED, NOT_FETCHED, SIM_BLOCKED, STANDING_UNKNOWN)
NOTHING_TO_DO = {"accepted", "pending", "signed", "valid"}


@pytest.fixture(scope="module")
def said() -> dict[str, dict[str, str]]:
    """Give the sentences by language."""
    compile_missing()
    app = Flask("words")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, default_locale="vi")
    found = {}
    for lang in ("vi", "en"):
        with app.test_request_context(), force_locale(lang):
            found[lang] = dict(outcomes())
    return found


def _outcome(code: int) -> Outcome:
    return of_status(code) if code in STATUS else of_fault(code if code < 1000 else code // 10, code if code >= 1000 else None)


def test_the_codes_are_those_of_the_product() -> None:
    assert set(CODES) == set(STATUS) | set(FAULTS)


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_sentence_in_vietnamese_and_english(code: int, said: dict[str, dict[str, str]]) -> None:
    vietnamese, english = (said[lang][_outcome(code).value] for lang in ("vi", "en"))
    assert vietnamese.endswith(".")
    assert english.endswith(".")
    assert vietnamese != english


@pytest.mark.parametrize("end", [*(one.value for one in Outcome), *ENDS])
def test_each_end_says_what_to_do_next_and_whom_to_ask(end: str, said: dict[str, dict[str, str]]) -> None:
    assert (("Vui lòng" in said["vi"][end]) or end in NOTHING_TO_DO), said["vi"][end]
    assert (("lease" in said["en"][end]) or end in NOTHING_TO_DO), said["en"][end]


def test_no_two_ends_are_told_alike(said: dict[str, dict[str, str]]) -> None:
    assert set(said["vi"]) == {one.value for one in Outcome} | set(ENDS)
    for sentences in said.values():
        assert len(set(sentences.values())) == len(sentences)
