"""The document is what is mounted, and what is answered is what the document says: schemathesis looks for the difference."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyFailure, Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup

from idp.administration.keys import KeyAdministration
from idp.rollout.campaign import Goal, Population
from idp.web import api
from idp.web.api.door import Door
from idp.web.api.openapi import PARAMETERS, PREFIX, document
from idp.web.api.schemas import campaigns
from idp.web.api.schemas.audit import PARAMETERS as AUDIT_PARAMETERS
from idp.web.api.schemas.people import PARAMETERS as PEOPLE_PARAMETERS
from tests.fakes.clock import FakeClock

from .office import APPLICATION, CALLER, ISSUER, PLENTY, Office

DOCUMENT = document(ISSUER)


@pytest.fixture(scope="module")
def office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    target = tmp_path_factory.mktemp("openapi") / "idp.sqlite3"
    shutil.copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield office
    office.close()


def test_every_route_stands_in_the_document_and_the_other_way_round(office: Office) -> None:
    rules = api.create(office.services).url_map.iter_rules()
    mounted = {(re.sub(r"<([a-z_]+)>", r"{\1}", rule.rule), method.lower())
               for rule in rules for method in (rule.methods or set()) - {"HEAD"}}
    described = {(PREFIX + path, method) for path, operations in DOCUMENT["paths"].items() for method in operations}
    assert {(re.sub(r"\{[a-z_]+\}", "{}", path), method) for path, method in mounted} == {
        (re.sub(r"\{[a-z_]+\}", "{}", path), method) for path, method in described}


def test_every_address_that_the_documentation_names_with_its_verb_is_there() -> None:
    there = [(method.upper(), re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path))) for path, verbs in DOCUMENT["paths"].items()
             for method in verbs]
    rooms = {path.split("/")[1] for path in DOCUMENT["paths"]}
    named = {(verb, path.rstrip(".:"), page.name) for page in Path("docs").rglob("*.md")
             for verbs, path in re.findall(r"\b((?:(?:GET|POST|PUT|PATCH|DELETE) )+)(?:/api/v1)?(/[a-z{][^\s?,;)]*)",
                                           page.read_text("utf-8").replace("`", "")) for verb in verbs.split()}
    assert len(named) > 50
    assert [one for one in sorted(named) if one[1].split("/")[1] in rooms and not any(
        one[0] == method and shape.fullmatch(one[1]) for method, shape in there)] == []


def test_no_two_lists_call_different_parameters_the_same() -> None:
    parts = (AUDIT_PARAMETERS, PEOPLE_PARAMETERS, campaigns.PARAMETERS)
    assert sum(map(len, parts)) == len({name for part in parts for name in part})
    assert all(PARAMETERS[name] == part[name] for part in parts for name in part)


def test_the_document_is_served_to_everybody_without_a_cookie(office: Office) -> None:
    answer = office.call("GET", "/openapi.json")
    assert answer.status_code == 200
    assert answer.json == DOCUMENT
    assert "Set-Cookie" not in answer.headers
    assert office.call("GET", "/openapi.json", Origin="https://elsewhere.example").headers.get(
        "Access-Control-Allow-Origin") is None


CONFIG: dict[str, Any] = {
    "checks": {
        # What a registration holds must fit together, which no schema of one member says: 422. A made-up If-Match: 412. Members
        # that are as long as they may be can be longer than 64 kB together, which comes before what they say: 413.
        "positive_data_acceptance": {"expected-statuses": ["2xx", 400, 404, 409, 412, 413, 422]},
        "negative_data_rejection": {"expected-statuses": [400, 404, 409, 412, 413, 422, 428]},
        "missing_required_header": {"expected-statuses": [400, 428]},
    },
}
"""What schemathesis is to expect where HTTP has a more precise answer than its defaults know."""
OF_PEOPLE = {"actUponOfficers", "releaseFactors", "resetPassword", "askFactorReset", "listFactorResets", "readFactorReset",
             "approveFactorReset", "refuseFactorReset", "nameDeputy", "endDeputy", "giveEnrolmentCode", "completeTask",
             "releaseBrake", "askForCertificate", "takeList", "sendBatch", "listBatches", "readBatch", "takeDevices",
             "enterDevice", "askForRenewals", "beginCampaign", "previewCampaign", "moveDeadline", "closeCampaign",
             "excludeFromCampaign", "restoreToCampaign", "askForSim", "actUponSim", "createAnnouncement", "replaceAnnouncement",
             "endAnnouncement", "readIdentity", "readPhone", "stopOfficer", "liftStop", "askForJob", "takeListLater", "listJobs",
             "askTemporaryPass", "listTemporaryPasses", "readTemporaryPass", "approveTemporaryPass", "refuseTemporaryPass",
             "withdrawTemporaryPass", "decideSimDoubts"}
"""Operations that no machine is let to."""
EXAMPLES = {"rotateKeys": 3}
"""Each rotation makes RSA keys."""


def find(office: Office, token: str, *only: str) -> tuple[list[str], dict[str, set[int]]]:
    """Let schemathesis ask every operation, in accordance with the document and against it.

    Returns:
        What it finds, and the statuses that it saw by operation.
    """
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", api.create(office.services),
                                            config=SchemathesisConfig.from_dict(CONFIG), headers={"Host": "localhost:8000"})
    found: list[str] = []
    seen: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation: Any = result.ok()
        name = operation.definition.raw["operationId"]
        if only and name not in only:
            continue
        for mode in GenerationMode:
            asking = office.province() if name in OF_PEOPLE else token
            look = _look(operation, mode, asking, seen.setdefault(name, set()), EXAMPLES.get(name, 8))
            try:
                look()
            except Unsatisfiable:  # there is no way to ask for the list of keys against the document
                continue
            except (FailureGroup, Failure, FlakyFailure) as failure:
                found.append(f"{operation.label} ({mode.value}): {failure!r}")
    return found, seen


def _look(operation: Any, mode: GenerationMode, token: str, seen: set[int], examples: int) -> Any:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(derandomize=True, database=None, deadline=None, max_examples=examples, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    def look(case: Any) -> None:
        if case.meta.generation.mode is GenerationMode.POSITIVE:
            _find_something(case)
        answer = case.call_and_validate(headers={"Host": "localhost:8000", "Authorization": f"Bearer {token}"})
        seen.add(answer.status_code)

    return look


def _find_something(case: Any) -> None:
    """Lead a case in accordance with the document to an application that there is, with members that fit together."""
    if "client_id" in (case.path_parameters or {}) and operation_of(case) != "deleteClient":
        case.path_parameters["client_id"] = "application"
        case.headers["If-Match"] = "*"
    if case.path.startswith("/campaigns/{id}") and operation_of(case) != "closeCampaign":
        case.path_parameters["id"] = "CD-2023-0001"
    if operation_of(case) in {"beginCampaign", "previewCampaign"} and isinstance(case.body, dict):
        case.body |= {"unit": "", "groups": [], "titles": []}
    if operation_of(case) == "createAnnouncement" and isinstance(case.body, dict):
        now = FakeClock().now()
        case.body |= {"text_vi": "Tin", "text_en": "", "from_at": now, "until_at": now + 86400}
    if operation_of(case) == "askForJob":
        case.body = {"kind": "accounts", "purpose": "Kiểm tra"}
    if operation_of(case) == "revokeGrants":
        case.query = {"client_id": "application"}
    if operation_of(case) in {"createClient", "replaceClient"} and isinstance(case.body, dict):
        free = {"contacts", "default_max_age", "require_auth_time", "backchannel_logout_session_required"}
        case.body = APPLICATION | {name: value for name, value in case.body.items() if name in free}


def operation_of(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])


def test_schemathesis_finds_nothing(office: Office) -> None:
    token = office.machine()
    office.services.registrar.create({"client_id": "application", **APPLICATION}, CALLER)
    office.officer("canbo")
    office.services.campaigns.begin(name="Hộp thư", goal=Goal.MAILBOX, population=Population(), deadline=date(2024, 1, 1),
                                    owner="", caller=CALLER)
    found, seen = find(office, token)
    assert found == [], "\n".join(found)
    assert {name for name, statuses in seen.items() if not any(status < 300 for status in statuses)} <= {
        "readAuditRecord", "readTask", "releaseBrake", "readEnrollment", "actUponEnrollment", "askForCertificate", "takeList",
        "sendBatch", "listBatches", "readBatch", "enterDevice", "readDevice", "actUponDevice", "takeDevices", "completeTask",
        "beginCampaign", "moveDeadline", "closeCampaign", "excludeFromCampaign", "restoreToCampaign", "endAccess",
        "endClientAccess", "releaseFactors", "renewRegistrationToken", "readGrant", "revokeGrant", "revokeInitialAccessToken",
        "deleteClient", "remindAgency",
        "resetPassword", "breakGlass", "retryDeliveries", "listFactors", "giveEnrolmentCode", "actUponOfficers", "readOfficer",
        "readTimeline", "askFactorReset", "readFactorReset", "approveFactorReset", "refuseFactorReset", "nameDeputy", "endDeputy",
        "readAgency", "listSims", "askForSim", "readSim", "actUponSim", "listSimDoubts", "decideSimDoubts",
        "readAnnouncement", "replaceAnnouncement", "endAnnouncement", "readIdentity", "readPhone", "readStop", "stopOfficer",
        "liftStop", "listSignatures", "readSignature", "giveEvidence", "writeSimList", "readJob", "cancelJob", "readJobFile",
        "takeListLater",
        "askTemporaryPass", "readTemporaryPass", "approveTemporaryPass", "refuseTemporaryPass", "withdrawTemporaryPass"}
    assert {status for statuses in seen.values() for status in statuses} >= {200, 201, 204, 400, 404, 422, 428}


def test_schemathesis_would_find_something(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that holds more than the document says, and a door that takes what the document does not."""
    monkeypatch.setattr(KeyAdministration, "listed", lambda *_: {"keys": [], "next_rotation_at": {}, "more": 1})
    monkeypatch.setattr(Door, "query", lambda _self, *_names: {"limit": 1})
    found, _seen = find(office, office.machine(), "listKeys", "listClients")
    assert any("GET /keys" in one for one in found)
    assert any("GET /clients" in one for one in found)
