"""The description of the administration API, written here and nowhere else: OpenAPI 3.1, served at ``/api/v1/openapi.json``.

Spec: OpenAPI 3.1.1, RFC 9457 (errors), RFC 7396 (PATCH). Members of registrations come from the room that judges them, so
that a new one is described the day it is taken; the door reads parameters by the very schemas given here. A test holds
routes and document together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

from ...administration.clients import SORTS
from ...administration.enrollment.expiry import MONTHS
from ...administration.enrollment.lists import TAKEN
from ...administration.keys import KINDS
from ...administration.pages import MOST, USUAL
from ...administration.tasks import SORTS as TASK_SORTS
from ...directory.tasks import LONGEST_PROOF, TaskKind
from ...oauth.client import Client
from ...oauth.clients import profile, registration
from ...oauth.clients.members import LOCALIZED_PATTERN
from ...pki.enrollment.states import State
from .schemas import announcements, campaigns, jobs, passes
from .schemas.audit import PARAMETERS as AUDIT_PARAMETERS
from .schemas.audit import paths as audit_paths
from .schemas.audit import schemas as audit_schemas
from .schemas.deliveries import paths as delivery_paths
from .schemas.deliveries import schemas as delivery_schemas
from .schemas.devices import KIND as DEVICE_KIND
from .schemas.devices import STATE as DEVICE_STATE
from .schemas.devices import paths as device_paths
from .schemas.devices import schemas as device_schemas
from .schemas.enrollments import paths as enrollment_paths
from .schemas.enrollments import schemas as enrollment_schemas
from .schemas.onboarding import paths as onboarding_paths
from .schemas.onboarding import schemas as onboarding_schemas
from .schemas.people import OFFICER
from .schemas.people import PARAMETERS as PEOPLE_PARAMETERS
from .schemas.people import paths as people_paths
from .schemas.people import schemas as people_schemas
from .schemas.sims import LIST_FOR, SIGNATURE_STATE, SOUGHT
from .schemas.sims import paths as sim_paths
from .schemas.sims import schemas as sim_schemas

PREFIX: Final = "/api/v1"
_TEXT: Final = {"type": "string"}
_TIME: Final = {"type": "integer", "description": "Seconds since the epoch."}
_TIME_OR_NONE: Final = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
_YES: Final = {"type": "boolean"}
_IDENTIFIER: Final = {"type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._~-]{0,127}$"}
_UNIT: Final = {"type": "string", "pattern": "^[A-Z][0-9]{2}(\\.[0-9A-Z]{1,32}){0,4}$"}
_BOOLEAN: Final = {"type": "string", "enum": ["true", "false"]}

PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    **AUDIT_PARAMETERS,
    "signature_state": SIGNATURE_STATE,
    "sim_state": SOUGHT, "list_for": LIST_FOR,
    "q": {"type": "string", "pattern": "^[^\\x00-\\x1f\\x7f]{1,100}$",
          "description": "Words of name, identifier or agency; case and accents do not matter."},
    "source": {"type": "string", "enum": ["file", "registered"]},
    "disabled": _BOOLEAN,
    "owner_unit": _UNIT | {"description": "Exactly this agency's, by its code."},
    "sort": {"type": "string", "pattern": "^-?[a-z_]{1,32}$", "description": "What the list is ordered by; `-`: the last first."},
    "cursor": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,1024}$", "description": "As `next` of the page before gave it."},
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    "sub": _IDENTIFIER | {"description": "An officer, by subject."},
    "uid": {"type": "string", "pattern": "^[A-Za-z0-9._@-]{1,255}$", "description": "An officer, by login name."},
    "client_id": _IDENTIFIER,
    "state": {"type": "string", "enum": ["open", "done"], "default": "open"},
    "enrollment_state": {"type": "string", "enum": [state.value for state in State]},
    "device_state": DEVICE_STATE,
    "device_kind": DEVICE_KIND,
    "unit": _UNIT | {"description": "This agency and those below it, by its code."},
    "holder": _IDENTIFIER | {"description": "An officer, by subject."},
    "batch": _IDENTIFIER,
    "demanded": _BOOLEAN | {"description": "`true`: only those of whom a group or an agency demands one; `false`: the others."},
    "overdue": {"type": "string", "enum": ["true"], "description": "Only what should have been done by now."},
    "month": {"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$",
              "description": "Of certificates that end in this month; without it, those whose renewal is taken now."},
    "months": {"type": "string", "enum": [str(months) for months in MONTHS], "default": str(MONTHS[0])},
    "followed": _BOOLEAN | {"description": "Whether a renewal or a change was handed in."},
    "form": {"type": "string", "enum": list(TAKEN), "default": TAKEN[0]},
    "dry_run": _BOOLEAN | {"default": "true", "description": "`true` writes nothing."},
    "submit": _BOOLEAN | {"default": "false", "description": "`true` hands requests in, `false` leaves drafts."},
    **campaigns.PARAMETERS,
    "ended": _BOOLEAN | {"description": "`true` shows grants that have ended too."},
    **PEOPLE_PARAMETERS,
    "everybody": _BOOLEAN | {"default": "false", "description": "`true`: of everybody, for the province."},
}
"""Parameters of addresses, by name; the same name means the same everywhere."""

HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Idempotency-Key": {"type": "string", "pattern": '^"?[A-Za-z0-9._-]{8,128}"?$',
                        "description": "Names this very request for a day: sent again it is not done again, and answered as "
                                       "then; where that was shown once, 409 `already_done`. With other content 422."},
}
"""Headers of requests, by name."""
_NAME: Final[dict[str, Any]] = {
    "name": "Idempotency-Key", "in": "header", "required": False, "schema": HEADERS["Idempotency-Key"]}

_ENUMS: Final[dict[str, tuple[str, ...]]] = {
    "token_endpoint_auth_method": registration.AUTH_METHODS, "application_type": ("web", "native"),
    "subject_type": ("public", "pairwise"), "consent": ("ask", "implied"), "access_token_format": ("opaque", "jwt"),
    "login_name_attribute": registration.LOGIN_NAME_ATTRIBUTES, "profile": profile.PROFILES}
_SPECIAL: Final[dict[str, dict[str, Any]]] = {
    "scope": {"type": "string", "description": "Separated by spaces."}, "jwks": {"type": "object"},
    "default_max_age": {"type": "integer", "minimum": 0, "maximum": 10**9}, "client_name": {"type": "string", "maxLength": 200},
    "resources": {"type": "object", "additionalProperties": {"type": "string"}},
    "owner_unit": {"type": "string", "maxLength": 40, "description": "The agency's code, which decides who administers it."}}
_TABLE: Final = tuple(name for name in registration.PROVINCE if name not in {"required_level", "secret_file"})
_TAKEN: Final = tuple(name for name in registration.STANDARD if name != "software_statement")


def _member(name: str, default: Any) -> dict[str, Any]:
    if name in _SPECIAL:
        return dict(_SPECIAL[name])
    if name in _ENUMS:
        return {"type": "string", "enum": list(_ENUMS[name])}
    if isinstance(default, bool):
        return dict(_YES)
    if isinstance(default, tuple | frozenset):
        return {"type": "array", "items": _TEXT, "maxItems": 50}
    return dict(_TEXT)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    nullable = schema | {"type": [schema["type"], "null"]}
    return nullable | {"enum": [*schema["enum"], None]} if "enum" in schema else nullable


def _object(properties: dict[str, Any], required: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False, **more}


def _registration() -> dict[str, Any]:
    """Give the schemas of an application: as sent to be made, exchanged and patched, and as answered."""
    defaults = {field.name: field.default for field in fields(Client)}
    standard = {name: _member(name, defaults[name]) for name in _TAKEN}
    table = {name: _member(name, defaults[name]) for name in _TABLE}
    localized = {"patternProperties": {LOCALIZED_PATTERN: _TEXT}}
    sent_table = _object({name: _nullable(schema) for name, schema in table.items()}) | {"type": ["object", "null"]}
    sent = {name: _nullable(schema) for name, schema in standard.items()} | {"province": sent_table}
    fixed: dict[str, dict[str, Any]] = {
        "client_id": _TEXT, "source": {"type": "string", "enum": ["file", "registered"]}, "disabled": _YES,
        "client_id_issued_at": _TIME, "self_registered": _YES, "software_statement": _TEXT}
    secret = {"client_secret": _TEXT, "client_secret_expires_at": {"type": "integer", "const": 0}}
    shown = ["redirect_uris", "grant_types", "response_types", "scope", "province", "client_id", "source", "disabled",
             "client_id_issued_at", "self_registered"]
    nullable = {"patternProperties": {LOCALIZED_PATTERN: {"type": ["string", "null"]}}}
    return {
        "NewClient": _object(sent, **nullable),
        "ChangedClient": _object(sent | fixed, **nullable, description="Members that do not change may be repeated as they are."),
        "ClientPatch": _object(sent | {name: _nullable(schema) for name, schema in fixed.items()}, **nullable),
        "Client": _object(standard | {"province": _object(table, table)} | fixed | secret, shown, **localized),
        "ClientSummary": _object(
            {"client_id": _TEXT, "client_name": _TEXT, "owner": _TEXT, "owner_unit": _TEXT, "source": fixed["source"],
             "disabled": _YES, "client_id_issued_at": _TIME, "grant_types": {"type": "array", "items": _TEXT},
             "token_endpoint_auth_method": _TEXT},
            ("client_id", "client_name", "owner", "owner_unit", "source", "disabled", "client_id_issued_at", "grant_types",
             "token_endpoint_auth_method")),
        "ClientSecret": _object({"client_id": _TEXT, **secret}, ("client_id", "client_secret")),
        "RegistrationToken": _object({"client_id": _TEXT, "registration_client_uri": _TEXT, "registration_access_token": _TEXT},
                                     ("client_id", "registration_client_uri", "registration_access_token")),
    }


def _schemas() -> dict[str, Any]:
    words = {"type": "array", "items": _TEXT}
    terms: dict[str, dict[str, Any]] = {
        "owner": {"type": "string", "maxLength": 200}, "owner_unit": {"type": "string", "maxLength": 40}, "scope": _TEXT,
        "consent": {"type": "string", "enum": ["ask", "implied"]}, "grant_types": words, "require_pkce": _YES,
        "required_acr": _TEXT, "allowed_groups": words, "software_issuer": _TEXT}
    token = {"id": _TEXT, "state": {"type": "string", "enum": ["open", "revoked", "expired", "used_up"]},
             "quota": {"type": "integer"}, "used": {"type": "integer"}, "created_at": _TIME, "expires_at": _TIME_OR_NONE,
             "revoked_at": _TIME_OR_NONE, "terms": _object(terms, terms), "clients": words}
    grant = {"grant_id": _TEXT, "client_id": _TEXT, "sub": _TEXT, "uid": _TEXT, "unit_code": _TEXT, "scope": _TEXT,
             "offline": _YES, "auth_time": _TIME, "acr": _TEXT, "amr": words, "created_at": _TIME, "expires_at": _TIME,
             "revoked_at": _TIME_OR_NONE, "revoke_reason": _TEXT}
    key = {"kid": _TEXT, "alg": _TEXT, "state": {"type": "string", "enum": ["active", "next", "retired"]}, "created_at": _TIME,
           "activated_at": _TIME_OR_NONE, "retired_at": _TIME_OR_NONE, "age_seconds": {"type": "integer"},
           "private_part": {"type": ["string", "null"], "description": "`database`, `pkcs11`; null where there is none."},
           "public_jwk": {"type": "object"}}
    task = {"id": _TEXT, "kind": {"type": "string", "enum": [str(kind) for kind in TaskKind]}, "sub": _TEXT, "uid": _TEXT,
            "name": _TEXT, "unit_code": _TEXT, "owner": {"type": "string", "enum": ["province", "agency"]},
            "enrollment": {"type": ["string", "null"], "description": "The certificate that is to be exchanged."},
            "opened_at": _TIME, "due_at": _TIME, "overdue": _YES,
            "state": PARAMETERS["state"], "done_at": _TIME_OR_NONE, "done_by": _TEXT, "proof": _TEXT}
    told = {"sub": _TEXT, "uid": _TEXT, "applications_told": words}
    keys = {"keys": {"type": "array", "items": _object(key, key)},
            "next_rotation_at": {"type": "object", "additionalProperties": _TIME_OR_NONE}, "warnings": words}
    sent_terms = {name: _nullable(schema) for name, schema in terms.items() if name != "owner"} | {
        "owner": terms["owner"], "quota": {"type": ["integer", "null"], "minimum": 1, "maximum": 10_000},
        "expires_in": {"type": ["integer", "null"], "minimum": 60, "maximum": 366 * 86400, "description": "Seconds."}}
    new_password = {"sub": _TEXT, "uid": _TEXT, "one_time_password": _TEXT, "expires_at": _TIME}
    brake: dict[str, dict[str, Any]] = {
        "braked": _YES, "braked_at": _TIME_OR_NONE, "reason": {"type": ["string", "null"], "enum": ["share", "empty", None]},
        "losses": {"type": "integer"}, "active": {"type": "integer"}, "source": _TEXT, "heard_at": _TIME_OR_NONE,
        "reconciled_at": _TIME_OR_NONE}
    factor = {"factor": _TEXT, "label": _TEXT, "enrolled_at": _TIME, "last_used_at": _TIME_OR_NONE,
              "left": {"type": ["integer", "null"], "description": "Uses left; null where it does not wear out."}}
    enrolment_code = {"sub": _TEXT, "uid": _TEXT, "code": _TEXT, "expires_at": _TIME}
    without_factor = {name: OFFICER[name] for name in ("sub", "uid", "name", "unit_code", "unit_name", "title")} | {
        "demanded": _YES | {"description": "Whether a group or an agency of theirs demands one."}}
    emergency = {name: {"type": "string", "maxLength": 1024} for name in ("name", "password", "code")}
    problem = {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "code": _TEXT, "request_id": _TEXT}
    lists = {f"{name}Page": _object({"items": {"type": "array", "items": _ref(name)}, "next": {"type": ["string", "null"]}},
                                    ("items", "next"))
             for name in ("ClientSummary", "InitialAccessToken", "Grant", "Officer", "OfficerWithoutFactor", "Task",
                          "Enrollment", "ExpiringEnrollment", "Device", "Sim", "Signature", "AuditRecord", "CampaignMissing",
                          "CampaignMember", "CampaignMovement", "CampaignReminder", "CampaignExcluded",
                          "Account", "Announcement")}
    return {
        **_registration(), **lists, **audit_schemas(_object),
        **enrollment_schemas(_object), **device_schemas(_object), **onboarding_schemas(_object),
        **delivery_schemas(_object), **sim_schemas(_object), **campaigns.schemas(_object), **people_schemas(_object),
        **passes.schemas(_object), **jobs.schemas(_object),
        **announcements.schemas(_object),
        "Grant": _object(grant, grant), "Keys": _object(keys, ("keys", "next_rotation_at")),
        "Rotation": _object({"alg": {"type": "string", "enum": list(KINDS)}, "emergency": _YES}),
        "InitialAccessToken": _object(token, token), "InitialAccessTerms": _object(sent_terms, ("owner",)),
        "NewInitialAccessToken": _object(token | {"initial_access_token": _TEXT}, (*token, "initial_access_token")),
        "Brake": _object(brake, brake),
        "Task": _object(task, task), "EndedAccess": _object(told, told),
        "TaskProof": _object({"proof": {"type": "string", "minLength": 1, "maxLength": LONGEST_PROOF}}, ("proof",)),
        "BreakGlass": _object(emergency, emergency),
        "BreakGlassToken": _object({"access_token": _TEXT, "token_type": _TEXT, "expires_in": {"type": "integer"}},
                                   ("access_token", "token_type", "expires_in")),
        "Factors": _object({"items": {"type": "array", "items": _object(factor, factor)}}, ("items",)),
        "EnrolmentCode": _object(enrolment_code, enrolment_code),
        "OfficerWithoutFactor": _object(without_factor, without_factor),
        "NewPassword": _object(new_password, new_password), "Problem": _object(problem, problem)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: str, media_type: str = "application/json") -> dict[str, Any]:
    return {media_type: {"schema": _ref(schema)}}


def _operation(name: str, summary: str, *, answer: str = "", status: int = 200, query: Iterable[str] = (),
               sorts: Sequence[str] = (), path: str = "", body: str = "", media_type: str = "application/json",
               change: bool = False, conditional: bool = False, once: bool = False, etag: bool = False,
               open_to_all: bool = False, errors: Iterable[int] = ()) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [{"name": one, "in": "query", "schema": PARAMETERS[one]} for one in query]
    if sorts:  # the only name that takes other values elsewhere: the room refuses those that it does not know
        parameters.append({"name": "sort", "in": "query", "schema": PARAMETERS["sort"] | {"enum": [*sorts], "default": sorts[0]}})
    if path:
        parameters.append({"name": path, "in": "path", "required": True, "schema": _IDENTIFIER})
    if conditional:
        parameters.append({"name": "If-Match", "in": "header", "required": True, "schema": _TEXT, "example": '"the ETag read"'})
    if once:
        parameters.append(_NAME | {"required": True})
    success: dict[str, Any] = {"description": summary}
    if answer:
        success["content"] = _content(answer)
    if etag:
        success["headers"] = {"ETag": {"schema": _TEXT, "required": True}}
    statuses = {400, 401, 403, 413, 429, 431, 503, *errors} | ({404} if path else set()) | ({415, 422} if body else set()) | (
        {409, 412, 428} if conditional else set())
    scopes = ["admin"] if change else ["admin:read", "admin"]
    refused = {str(code): {"$ref": "#/components/responses/Problem"} for code in sorted(statuses)}
    operation: dict[str, Any] = {
        "operationId": name, "summary": summary, "parameters": parameters, "security": [{"oauth": [scope]} for scope in scopes],
        "responses": {str(status): success, **refused}}
    if open_to_all:
        operation["security"] = []
    if body:
        operation["requestBody"] = {"required": True, "content": _content(body, media_type)}
    return operation


def _repeatable(paths: dict[str, Any]) -> dict[str, Any]:
    """Let every POST have a name, that of the break-glass administrator but for."""
    for path, operations in paths.items():
        if "post" in operations and path != "/break-glass":
            operation = operations["post"]
            if not any(one["name"] == "Idempotency-Key" for one in operation["parameters"]):
                operation["parameters"].append(_NAME)
            for status in ("409", "422"):
                operation["responses"].setdefault(status, {"$ref": "#/components/responses/Problem"})
    return paths


def _paths() -> dict[str, Any]:
    one_client: dict[str, Any] = {"path": "client_id", "change": True, "conditional": True, "etag": True}
    return {
        **enrollment_paths(_operation),
        **device_paths(_operation),
        **announcements.paths(_operation),
        **jobs.paths(_operation),
        **campaigns.paths(_operation),
        **onboarding_paths(_operation),
        **delivery_paths(_operation),
        **sim_paths(_operation),
        **audit_paths(_operation),
        **people_paths(_operation), **passes.paths(_operation),
        "/clients": {
            "get": _operation("listClients", "Applications, page by page.", answer="ClientSummaryPage",
                              query=("q", "source", "disabled", "owner_unit", "cursor", "limit"), sorts=SORTS),
            "post": _operation("createClient", "Enter an application; its secret is shown this once.", answer="Client",
                               status=201, body="NewClient", change=True, etag=True, errors=(409,))},
        "/clients/{client_id}": {
            "get": _operation("readClient", "One application, with its ETag.", answer="Client", path="client_id", etag=True),
            "put": _operation("replaceClient", "Exchange everything registered.", answer="Client", body="ChangedClient",
                              **one_client),
            "patch": _operation("patchClient", "Change what is named (JSON Merge Patch).", answer="Client", body="ClientPatch",
                                media_type="application/merge-patch+json", **one_client),
            "delete": _operation("deleteClient", "Delete an application, and end all that was granted to it.", status=204,
                                 path="client_id", change=True, conditional=True)},
        "/clients/{client_id}/disable": {
            "post": _operation("disableClient", "Close every path to an application.", answer="Client", **one_client)},
        "/clients/{client_id}/enable": {
            "post": _operation("enableClient", "Open a closed application again.", answer="Client", **one_client)},
        "/clients/{client_id}/secret": {
            "post": _operation("rotateClientSecret", "A new secret, shown this once.", answer="ClientSecret", **one_client)},
        "/clients/{client_id}/registration-access-token": {
            "post": _operation("renewRegistrationToken", "A new registration access token, shown this once.",
                               answer="RegistrationToken", **one_client)},
        "/initial-access-tokens": {
            "get": _operation("listInitialAccessTokens", "Leave to register applications, without the tokens' values.",
                              answer="InitialAccessTokenPage", query=("cursor", "limit")),
            "post": _operation("createInitialAccessToken", "Make a token, shown this once.", answer="NewInitialAccessToken",
                               status=201, body="InitialAccessTerms", change=True)},
        "/initial-access-tokens/{id}": {
            "delete": _operation("revokeInitialAccessToken", "End a token; what was registered with it stays.", status=204,
                                 path="id", change=True)},
        "/grants": {
            "get": _operation("listGrants", "Grants of an officer, of an application, or of both, the newest first.",
                              answer="GrantPage", query=("sub", "uid", "client_id", "ended", "cursor", "limit")),
            "delete": _operation("revokeGrants", "End every grant of an officer (sub) or of an application (client_id).",
                                 status=204, query=("sub", "client_id"), change=True, errors=(404,))},
        "/grants/{grant_id}": {
            "get": _operation("readGrant", "One grant.", answer="Grant", path="grant_id"),
            "delete": _operation("revokeGrant", "End a grant and everything issued from it.", status=204, path="grant_id",
                                 change=True)},
        "/officers/{sub}/end-access": {
            "post": _operation("endAccess", "End every session and grant of an officer, and tell the applications.",
                               answer="EndedAccess", path="sub", change=True)},
        "/officers/{sub}/release-factors": {
            "post": _operation("releaseFactors", "Let the factors of an officer who is back work again.", status=204,
                               path="sub", change=True, errors=(409,))},
        "/tasks": {
            "get": _operation("listTasks", "What people have to do about officers.", answer="TaskPage",
                              query=("state", "cursor", "limit"), sorts=TASK_SORTS)},
        "/tasks/{id}": {"get": _operation("readTask", "One task.", answer="Task", path="id")},
        "/tasks/{id}/complete": {
            "post": _operation("completeTask", "Note that a task was done, with the proof.", answer="Task", path="id",
                               body="TaskProof", change=True, errors=(409,))},
        "/officers/{sub}/password-reset": {
            "post": _operation("resetPassword", "A password that its officer must change within a day, shown this once.",
                               answer="NewPassword", path="sub", change=True, once=True)},
        "/directory/brake": {
            "get": _operation("readBrake", "How the mirror follows the directory, and whether the brake has stopped it.",
                              answer="Brake")},
        "/directory/brake/release": {
            "post": _operation("releaseBrake", "Let through the losses at which the brake has stopped.", answer="Brake",
                               change=True, errors=(409,))},
        "/officers/{sub}/factors": {
            "get": _operation("listFactors", "An officer's second factors.", answer="Factors", path="sub")},
        "/officers/{sub}/enrolment-code": {
            "post": _operation("giveEnrolmentCode", "A code to enrol a first factor from outside, for an officer who was seen; "
                               "shown this once.", answer="EnrolmentCode", path="sub", change=True, errors=(409,))},
        "/officers/without-factor": {
            "get": _operation("listWithoutFactor", "Active officers who have no second factor.",
                              answer="OfficerWithoutFactorPage", query=("unit", "demanded", "cursor", "limit"))},
        "/break-glass": {"post": _operation(
            "breakGlass", "Let the break-glass administrator in for a quarter of an hour.", answer="BreakGlassToken",
            body="BreakGlass", open_to_all=True)},
        "/keys": {"get": _operation("listKeys", "Token signing keys: public parts, states, ages, next rotation.", answer="Keys")},
        "/keys/rotate": {
            "post": _operation("rotateKeys", "Let the next keys sign; in an emergency remove those that ever signed.",
                               answer="Keys", body="Rotation", change=True, errors=(409,))},
        "/openapi.json": {"get": {"operationId": "describe", "summary": "This document.", "security": [], "responses": {"200": {
            "description": "This document.", "content": {"application/json": {"schema": {"type": "object"}}}},
            **{str(code): {"$ref": "#/components/responses/Problem"} for code in (400, 413, 431)}}}},
    }


def document(issuer: str) -> dict[str, Any]:
    """Give the OpenAPI document of a deployment.

    Args:
        issuer: Its issuer identifier, on which every address is built.
    """
    scopes = {"admin": "Read and change.", "admin:read": "Read."}
    flows = {"clientCredentials": {"tokenUrl": f"{issuer}/token", "scopes": scopes}, "authorizationCode": {
        "authorizationUrl": f"{issuer}/authorize", "tokenUrl": f"{issuer}/token", "scopes": scopes}}
    return {
        "openapi": "3.1.1",
        "info": {"title": "Administration API", "version": "1", "description": "See docs/operations/administration-api.md."},
        "servers": [{"url": issuer + PREFIX}], "paths": _repeatable(_paths()),
        "components": {
            "securitySchemes": {"oauth": {"type": "oauth2", "flows": flows}}, "schemas": _schemas(),
            "responses": {"Problem": {"description": "Refused; `detail` says why.",
                                      "content": _content("Problem", "application/problem+json")}}}}
