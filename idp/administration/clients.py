"""Registered applications, for administrators: listed, entered, changed, closed, deleted; their secrets and tokens exchanged.

Spec: RFC 7591 §2 for what a registration holds; it is judged by ``oauth.clients.registration.parse`` like every other.
Applications from files in clients/ are changed there and nowhere else. A change names what it was decided on (RFC 9110
§13.1.1): the store makes it only while nothing of that has changed, so two administrators never overwrite each other. What
an agency may give: ``delegation.py``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..audit.changed import changed
from ..clock import Clock
from ..directory.mirror import has_all, search_key, search_words
from ..errors import RefusedError
from ..oauth.client import Client, ClientRegistry
from ..oauth.clients.client_secret import ClientSecrets
from ..oauth.clients.members import InvalidClientMetadataError
from ..oauth.clients.registrar import ClientRecords, new_client_id
from ..oauth.clients.registration import RegistrationPolicy, parse, standard_metadata, to_metadata
from ..oauth.clients.sectors import Sectors
from ..oauth.ports import digest
from ..roles import Administrator, Right
from . import delegation
from .entries import ChangedMeanwhileError, ClientEntries, Entry
from .merge_patch import merged
from .pages import Page, cursor_of, known_sort, place_of

READ_ONLY: Final = ("client_id", "source", "disabled", "client_id_issued_at", "self_registered", "software_statement")
"""Members of the representation that a change may repeat and not alter."""
_NOT_SHOWN: Final = ("required_level", "secret_file")
NAMES: Final = ("client_id", "client_name")
TIMES: Final = ("created_at", "last_used_at")
SORTS: Final = tuple(sign + name for name in (*NAMES, *TIMES) for sign in ("", "-"))
"""How applications are listed; one that was never used comes before all others by ``last_used_at``."""
Matches = Callable[[str], bool]
"""Tells whether an entity tag is among those that a request names (RFC 9110 §13.1.1)."""


class LastUses(Protocol):
    """Where it is known when applications were used."""

    def last_used(self) -> Mapping[str, int]:
        """Give when each application was used last, by its identifier. Raises UnavailableError."""
        ...


class ClientAdministration:
    """What administrators do with applications.

    Args:
        entries: Where registrations made at run time are looked at and changed.
        records: Where new ones are entered.
        registry: Clients of this process.
        sectors: Checks sector documents.
        policy: What this deployment accepts.
        client_secrets: Makes secrets.
        clock: Source of the time.
        uses: Knows when they were used last.
        address: Of the registration endpoint, below which an application's own address is.
    """

    def __init__(self, entries: ClientEntries, records: ClientRecords, registry: ClientRegistry, sectors: Sectors,
                 policy: RegistrationPolicy, client_secrets: ClientSecrets, clock: Clock, uses: LastUses,
                 *, address: str) -> None:
        self._entries = entries
        self._records = records
        self._registry = registry
        self._sectors = sectors
        self._policy = policy
        self._client_secrets = client_secrets
        self._clock = clock
        self._uses = uses
        self._address = address

    def listed(self, who: Administrator, *, q: str = "", source: str = "", state: str = "", owner_unit: str = "",
               sort: str = SORTS[0], cursor: str = "", limit: int) -> Page:
        """Give the applications that an administrator oversees, page by page.

        Args:
            who: The administrator.
            q: Words of name, identifier or agency, without regard to case and accents.
            source: ``file`` or ``registered``; "" for both.
            state: ``active`` or ``disabled``; "" for both.
            owner_unit: Only those of exactly this agency.
            sort: One of ``SORTS``.
            cursor: As the page before gave it.
            limit: How many at most.

        Raises:
            InvalidParameterError: a cursor or an order that is none.
        """
        who.demand(Right.ADMINISTER)
        name, descending = known_sort(sort, SORTS).removeprefix("-"), sort.startswith("-")
        place = place_of(cursor, int if name in TIMES else str, str)
        uses = self._uses.last_used() if name == "last_used_at" else {}
        words = search_words(q)
        found = [client for client in self._registry.all()
                 if who.oversees(client.owner_unit) and source in {"", client.source}
                 and state in {"", "disabled" if client.disabled else "active"} and owner_unit in {"", client.owner_unit}
                 and has_all(words, search_key(client.client_name, client.client_id, client.owner))]
        placed = sorted((((_sort_key(client, name, uses), client.client_id), client) for client in found),
                        key=lambda pair: pair[0], reverse=descending)
        if place is not None:
            placed = [pair for pair in placed if (pair[0] < place if descending else pair[0] > place)]
        rest = placed[limit:]
        return Page([summary(client) for _, client in placed[:limit]], cursor_of(*placed[limit - 1][0]) if rest else "")

    def one(self, who: Administrator, client_id: str) -> tuple[dict[str, Any], str]:
        """Give an application and its entity tag. Raises RefusedError (404) for one that is unknown, or another agency's."""
        entry = self._seen(who, client_id)
        return shown(entry), entry.etag

    def create(self, who: Administrator, metadata: Mapping[str, Any], caller: Caller) -> tuple[dict[str, Any], str]:
        """Enter an application; its answer alone holds the secret.

        Raises:
            InvalidClientMetadataError, InvalidRedirectUriError: what is wrong, in one sentence.
            ForbiddenError: it would have more than the administrator may give.
        """
        who.demand(Right.CHANGE)
        client = self._parsed(new_client_id(), dict(metadata), created_at=self._clock.now())
        delegation.check(who, client, self._policy)
        client, secret = self._client_secrets.make(client)
        if not self._records.create(client, now=client.created_at, caller=caller):
            raise RefusedError("The identifier is taken; please try again.", code="conflict", status=409)
        self._registry.reload()
        entry = self._found(client.client_id)
        return shown(entry) | _told(secret), entry.etag

    def put(self, who: Administrator, client_id: str, metadata: Mapping[str, Any], matches: Matches,
            caller: Caller) -> tuple[dict[str, Any], str]:
        """Exchange everything registered; a member that is left out has its default (as RFC 7592 §2.2). Errors as ``change``."""
        return self._changed(who, self._to_change(who, client_id, matches), metadata, caller)

    def patch(self, who: Administrator, client_id: str, patch: Mapping[str, Any], matches: Matches,
              caller: Caller) -> tuple[dict[str, Any], str]:
        """Change what a merge patch names (RFC 7396).

        Args:
            who: The administrator.
            client_id: The application.
            patch: As received.
            matches: Tells whether a tag is one that the administrator has seen.
            caller: For the records.

        Raises:
            RefusedError: unknown (404), from a file (409), changed meanwhile (412).
            InvalidClientMetadataError, InvalidRedirectUriError: what is wrong, in one sentence.
            ForbiddenError: it has, or would have, more than the administrator may give.
        """
        entry = self._to_change(who, client_id, matches)
        return self._changed(who, entry, merged(shown(entry), patch), caller)

    def set_disabled(self, who: Administrator, client_id: str, disabled: bool, matches: Matches,
                     caller: Caller) -> tuple[dict[str, Any], str]:
        """Close every path to an application, or open it again. Errors as ``patch``."""
        entry = self._to_change(who, client_id, matches)
        if entry.client.disabled != disabled:
            event = AuditEvent.CLIENT_DISABLED if disabled else AuditEvent.CLIENT_CHANGED
            record = self._record(event, entry, caller, **({} if disabled else {"what": "enabled"}))
            self._done(self._entries.set_disabled(entry, disabled, now=record.at, record=record))
        return self._after(client_id)

    def rotate_secret(self, who: Administrator, client_id: str, matches: Matches, caller: Caller) -> tuple[dict[str, Any], str]:
        """Make a new secret, shown this once; the old one is worthless at once. Errors as ``patch``."""
        entry = self._to_change(who, client_id, matches)
        if not entry.client.has_secret:
            raise RefusedError("This application does not authenticate with a secret.", code="no_secret", status=409)
        client, secret = self._client_secrets.make(entry.client)
        record = self._record(AuditEvent.CLIENT_SECRET_ROTATED, entry, caller, first=False)
        self._done(self._entries.change(entry, client, now=record.at, record=record))
        return {"client_id": client_id, **_told(secret)}, self._after(client_id)[1]

    def renew_registration_token(self, who: Administrator, client_id: str, matches: Matches,
                                 caller: Caller) -> tuple[dict[str, Any], str]:
        """Give an application that registered itself a new registration access token (RFC 7592 §3). Errors as ``patch``."""
        entry = self._to_change(who, client_id, matches)
        if not entry.self_registered:
            raise RefusedError("This application did not register itself.", code="not_self_registered", status=409)
        token = secrets.token_urlsafe(32)
        record = self._record(AuditEvent.CLIENT_CHANGED, entry, caller, what="registration access token")
        self._done(self._entries.set_token(entry, digest(token), now=record.at, record=record))
        told = {"client_id": client_id, "registration_client_uri": f"{self._address}/{client_id}",
                "registration_access_token": token}
        return told, self._after(client_id)[1]

    def delete(self, who: Administrator, client_id: str, matches: Matches, caller: Caller) -> None:
        """Delete an application, and end its grants, tokens and consents. Errors as ``patch``."""
        entry = self._to_change(who, client_id, matches)
        record = self._record(AuditEvent.CLIENT_DELETED, entry, caller)
        self._done(self._entries.remove(entry, now=record.at, record=record))

    def _changed(self, who: Administrator, entry: Entry, metadata: Mapping[str, Any],
                 caller: Caller) -> tuple[dict[str, Any], str]:
        before, members = entry.client, dict(metadata)
        for name, value in shown(entry).items():
            if name in READ_ONLY and members.pop(name, value) != value:
                raise InvalidClientMetadataError(f"{name}: this does not change here.")
        client = self._parsed(before.client_id, members, created_at=before.created_at, secret_digest=before.secret_digest)
        client = replace(client, software_statement=before.software_statement, disabled=before.disabled)
        delegation.check(who, client, self._policy, before=before)
        secret = None
        keeps = before.has_secret and client.has_secret and (before.sealed_secret is not None or not client.signs_with_secret)
        if keeps:
            client = replace(client, sealed_secret=before.sealed_secret if client.signs_with_secret else None)
        else:
            client, secret = self._client_secrets.make(client)
        told = changed(shown(entry), shown(replace(entry, client=client)))
        record = self._record(AuditEvent.CLIENT_CHANGED, entry, caller, what="metadata", **({"changed": told} if told else {}))
        self._done(self._entries.change(entry, client, now=record.at, record=record))
        after, etag = self._after(before.client_id)
        return after | _told(secret), etag

    def _parsed(self, client_id: str, members: dict[str, Any], **kept: Any) -> Client:
        client = parse(members, self._policy, client_id=client_id, source="registered", **kept)
        self._sectors.check(client)
        return client

    def _seen(self, who: Administrator, client_id: str) -> Entry:
        who.demand(Right.ADMINISTER)
        entry = self._found(client_id)
        if not who.oversees(entry.client.owner_unit):
            raise _unknown()
        return entry

    def _found(self, client_id: str) -> Entry:
        entry = self._entries.find(client_id)
        if entry is None:
            raise _unknown()
        return entry

    def _to_change(self, who: Administrator, client_id: str, matches: Matches) -> Entry:
        who.demand(Right.CHANGE)
        entry = self._seen(who, client_id)
        if entry.client.source == "file":
            raise RefusedError("This application stands in a file under clients/; change it there.", code="read_only", status=409)
        delegation.check_may_touch(who, entry.client)
        if not matches(entry.etag):
            raise ChangedMeanwhileError
        return entry

    def _done(self, happened: bool) -> None:
        self._registry.reload()
        if not happened:
            raise ChangedMeanwhileError

    def _after(self, client_id: str) -> tuple[dict[str, Any], str]:
        entry = self._found(client_id)
        return shown(entry), entry.etag

    def _record(self, event: AuditEvent, entry: Entry, caller: Caller,
                **detail: str | bool | dict[str, list[str]]) -> AuditRecord:
        return AuditRecord(event, self._clock.now(), client_id=entry.client.client_id, source=caller.source,
                           request_id=caller.request_id, detail={**detail, **caller.by})


def shown(entry: Entry) -> dict[str, Any]:
    """Give an application as administrators read it: what is registered, the table ``province``, and what does not change."""
    client = entry.client
    table = {name: value for name, value in to_metadata(client)["province"].items() if name not in _NOT_SHOWN}
    return {**standard_metadata(client), "province": table, "client_id": client.client_id, "source": client.source,
            "disabled": client.disabled, "client_id_issued_at": client.created_at, "self_registered": entry.self_registered}


def summary(client: Client) -> dict[str, Any]:
    """Give what a list tells of an application."""
    return {"client_id": client.client_id, "client_name": client.client_name, "owner": client.owner,
            "owner_unit": client.owner_unit, "source": client.source, "disabled": client.disabled,
            "client_id_issued_at": client.created_at, "grant_types": list(client.grant_types),
            "token_endpoint_auth_method": client.token_endpoint_auth_method}


def _sort_key(client: Client, name: str, uses: Mapping[str, int]) -> str | int:
    if name in TIMES:
        return client.created_at if name == "created_at" else uses.get(client.client_id, 0)
    return client.client_id if name == "client_id" else search_key(client.client_name)


def _told(secret: str | None) -> dict[str, Any]:
    return {} if secret is None else {"client_secret": secret, "client_secret_expires_at": 0}


def _unknown() -> RefusedError:
    return RefusedError("There is no such client.", code="unknown_client", status=404)
