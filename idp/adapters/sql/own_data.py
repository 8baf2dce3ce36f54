"""What the database holds about an officer, table by table; implements ``administration.own.data.OwnDataStore``.

Every table is either here, with the column that says whose a row is, or in ``NOT_EXPORTED`` with the reason; every column of a
table that is here is given or named as left out. A test holds both against the schema, so that a new table or column is decided
upon. Left out are secrets, digests, what is sealed, blobs and what only the machinery needs; and who else acted: that is theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Integer, bindparam, select

from .database import Database, Read, parameter
from .tables import Base

_PAGE: Final = 500
_JSON: Final = frozenset({"posts", "groups", "attributes", "address", "detail", "before", "after", "value"})
"""Columns that hold JSON."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file.

    Attributes:
        key: The column that says whose a row is: a subject, or ``entry_uuid``.
        given: Columns that are given.
        left_out: The others.
    """

    name: str
    table: str
    key: str
    given: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def _section(name: str, key: str, given: str, left_out: str = "", table: str = "") -> Section:
    return Section(name, table or name, key, tuple(given.split()), tuple(left_out.split()))


SECTIONS: Final = (
    _section("officer", "sub",
             "uid name given_name family_name mail phone address unit_code unit_code_2016 unit_name title posts groups "
             "attributes guest sponsor status ends_at first_sign_in_at last_sign_in_at updated_at stopped_at left_at "
             "roles_since",
             "entry_uuid dn search_key next_end_at revision"),
    _section("officer_change", "sub", "at kind before after",
             "id"),
    _section("departure", "sub", "reason left_at returned_at released_at"),
    _section("sso_session", "sub",
             "auth_time acr amr created_at last_seen_at expires_at ended_at end_reason source user_agent",
             "sid cookie_digest"),
    _section("session_client", "sub", "client_id first_used_at last_used_at",
             "sid"),
    _section("device", "sub", "first_seen_at last_seen_at",
             "digest"),
    _section("remembered_device", "sub", "browser system created_at expires_at",
             "device_digest token_digest"),
    _section("consent", "sub", "client_id scope given_at withdrawn_at"),
    _section("oauth_grant", "sub", "client_id scope offline acr amr auth_time created_at expires_at revoked_at revoke_reason",
             "grant_id sid nonce details"),
    _section("deferred_authorization", "sub", "client_id kind state source created_at decided_at expires_at",
             "digest user_code_digest request details interval_seconds last_polled_at grant_id phone_at"),
    _section("totp", "entry_uuid", "created_at",
             "sealed_seed last_step"),
    _section("passkey", "entry_uuid", "name created_at last_used_at synced transports",
             "passkey_id credential_id public_key sign_count"),
    _section("recovery_codes", "entry_uuid", "created_at last_used_at",
             "digests used"),
    _section("officer_certificate", "entry_uuid", "subject issuer serial not_after registered_at last_used_at",
             "thumbprint last_proof_at"),
    _section("sim_login", "entry_uuid", "enrolled_at last_used_at approves_since"),
    _section("factor_demand", "entry_uuid", "asked_at ended_at"),
    _section("access_stop", "sub", "reason stopped_at lifted_at", "unit stopped_by stopped_for lifted_by"),
    _section("factor_reset", "sub", "reason asked_at state decided_at done_at expires_at",
             "proposal_id asked_by asked_for decided_by"),
    _section("temporary_pass", "sub", "reason asked_at state decided_at hours several until uses used_at ended_at expires_at",
             "proposal_id asked_by asked_for decided_by ended_by digest"),
    _section("password_recovery", "entry_uuid", "created_at expires_at proven_at done_at",
             "recovery_id browser_digest"),
    _section("notice", "sub", "at kind detail source read_at",
             "id"),
    _section("notice_reading", "sub", "version read_at"),
    _section("enrollment", "holder",
             "enrollment_id kind purpose unit_code unit_name name title mail device_kind device_serial state since due_at "
             "document record reason issuer serial not_before not_after replaces",
             "personal identity_digest wet_ink requester agency_approver province_approver batch request certificate "
             "handed_over_by challenge open_key active_key search_key revision"),
    _section("pki_certificate", "holder",
             "authority serial profile subject unit_code status issued_at not_before not_after revoked_at reason",
             "id state spki intended_at shard der sha256"),
    _section("seen_certificate", "holder", "issuer serial number verdict seen_at",
             "sha256 der spki"),
    _section("enrollment_leave", "holder", "profile subject_name hosts created_at expires_at used_at",
             "name digest"),
    _section("custody_device", "holder",
             "device_id kind serial state unit_code enrollment_id since due_at record reminded_at",
             "revision"),
    _section("sim", "sub",
             "sim_id name unit_code unit_name seal msisdn carrier iccid state since created_at owner_match serial "
             "authority login_serial login_authority reason checked_at",
             "requester agency_approver province_approver certificate login_certificate code_digest code_until code_tries "
             "test_transaction to_revoke doubt revision"),
    _section("sign_transaction", "sub",
             "transaction_id purpose client_id unit_code title msisdn carrier document subject text state outcome created_at "
             "signed_at denied_at ended_at acr amr auth_time source user_agent",
             "idempotency_key iccid certificate digest_name digest code timeout_seconds service_transaction signature "
             "deadline_at next_try_at occupies tries sid binding revision"),
    _section("csc_authorization", "sub",
             "client_id unit_code title total created_at ready_at used_at outcome acr amr auth_time",
             "authorization_id sad_digest fingerprint is_open sid credential_id digest_name hashes before earlier "
             "extended_by open_until"),
    _section("deputy", "deputy", "unit reason made_at ends_at ended_at",
             "deputy_id giver made_by ended_by reminded_at"),
    _section("deputy_given", "giver", "unit reason made_at ends_at ended_at",
             "deputy_id deputy made_by ended_by reminded_at", table="deputy"),
    _section("task", "sub", "kind opened_at due_at state done_at",
             "task_id cause done_by proof"),
    _section("campaign_member", "subject",
             "campaign_id at act name title unit_code unit_name agency_code agency_name reason note",
             "id actor"),
    _section("campaign_reminder", "sub", "told_on"),
    _section("campaign_reminding", "sub", "campaign_id at step cases nth name title unit_code unit_name", "id actor"),
    _section("campaign_digest", "sub", "told_on"),
    _section("job", "sub", "job_id kind asked purpose state created_at started_at finished_at done total reason message told "
             "name size",
             "client_id source request_id turn deaths lease_until media_type sha256 file_until reach"),
    _section("desk_digest", "sub", "kind told_at",
             "told_of"),
    _section("keeper_digest", "sub", "kind told_at"),
    _section("expiry_digest", "sub", "told_on told_at"),
    _section("rollout_fact", "subject", "kind at value",
             "id"),
    _section("audit", "sub", "at event client_id source detail",
             "id xact epoch sid request_id"))
"""In the order of the file."""

NOT_EXPORTED: Final = {
    **dict.fromkeys(("announcement", "unit", "version", "campaign", "client", "client_step", "initial_access",
                     "certificate_batch", "sim_doubt"),
                    "the province's work, not data about who entered it; what an officer did stands in their audit records"),
    **dict.fromkeys(("campaign_entry", "enrollment_entry", "custody_entry", "sim_entry", "sign_event"),
                    "steps of a file that is given; the audit trail has the officer's own acts"),
    **dict.fromkeys(("access_token", "refresh_token", "authorization_code", "pushed_request", "enrolment_code",
                     "one_time_password", "passkey_challenge", "passkey_user", "totp_enrolment", "interaction", "post_choice"),
                    "secrets and marks of minutes or of a session; the grant, factor or session they belong to is given"),
    **dict.fromkeys(("audit_archive", "audit_day", "audit_repeat", "audit_seal", "directory_feed", "issuer_serial", "outbox",
                     "seen_once", "sim_brake", "throttle"),
                    "machinery; holds no person, or only a digest, or what waits for delivery"),
    "campaign_course": "worked out from the lines of campaigns, which are given, and kept anew",
    "job_part": "files on their way, for a day or two; whose they are stands in jobs",
    "answered_request": "answers of the administration API for a day, to whoever was given them; what they tell of is given",
    **dict.fromkeys(("pki_authority", "pki_list", "pki_signer", "signing_key"), "keys and lists of the province"),
    "evidence_blob": "certificates and lists that prove signatures, shared by many",
    "expiry_notice": "that a certificate was told of; the notice is given"}
"""Tables that are not in the file, and why."""


class SqlOwnData:
    """The data on one database."""

    def __init__(self, database: Database) -> None:
        self._reads: dict[str, tuple[Section, Read]] = {}
        for section in SECTIONS:
            table: Any = Base.metadata.tables[section.table]
            key = table.c[section.key]
            place = list(table.primary_key.columns)
            self._reads[section.name] = section, database.read(
                select(*(table.c[name].label(f"c_{number}") for number, name in enumerate(section.given)))
                .where(key == parameter(key, "person")).order_by(*place)
                .limit(bindparam("most", type_=Integer())).offset(bindparam("from_", type_=Integer())))

    @property
    def sections(self) -> Sequence[str]:
        """Name the sections."""
        return tuple(self._reads)

    def rows(self, section: str, *, sub: str, entry_uuid: str) -> Iterator[dict[str, Any]]:
        """Give what a section holds about an officer."""
        its, read = self._reads[section]
        person, start = entry_uuid if its.key == "entry_uuid" else sub, 0
        while True:
            found = read.all(person=person, most=_PAGE, from_=start)
            for row in found:
                yield {name: _value(name, value) for name, value in zip(its.given, row, strict=True)}
            if len(found) < _PAGE:
                return
            start += _PAGE


def _value(name: str, value: Any) -> Any:
    if name in _JSON and isinstance(value, str) and value[:1] in {"{", "[", '"'}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value if value is None or isinstance(value, str | int | bool) else str(value)
