"""The registration desk: applications are entered, changed, given new secrets and closed; each act leaves its audit record.

Spec: RFC 7591 §3 for what is made (identifier, secret). A secret (``client_secret.py``) is shown once or written to the
application's secret file; it is never chosen by a person.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...audit import Caller
from ...clock import Clock
from ...errors import ConfigurationError, RefusedError, UnavailableError
from ..client import Client, ClientRegistry, ClientStore, secret_digest
from .client_secret import ClientSecrets
from .members import InvalidClientMetadataError
from .registration import RegistrationPolicy, parse, to_metadata
from .sectors import Sectors

SHORTEST_SECRET = 32


class ClientRecords(ClientStore, Protocol):
    """Where registrations are kept. Each verb is one transaction with its audit record and a new version.

    False means that nothing was done and nothing recorded.
    """

    def create(self, client: Client, *, now: int, caller: Caller) -> bool:
        """Enter a client; False when the identifier is taken."""
        ...

    def change(self, client: Client, *, now: int, caller: Caller) -> bool:
        """Exchange the metadata; neither the secret nor ``disabled`` changes.

        The sealed copy of the secret goes where the client is not going to sign with it.
        """
        ...

    def set_secret(self, client_id: str, digest: bytes, *, first: bool, now: int, caller: Caller,
                   sealed: bytes | None = None) -> bool:
        """Exchange the secret and its sealed copy; with ``first`` only where there is none yet."""
        ...

    def keep_secret(self, client_id: str, digest: bytes, sealed: bytes, *, now: int, caller: Caller) -> bool:
        """Keep a sealed copy of the secret that is good now; False when that is another one."""
        ...

    def set_disabled(self, client_id: str, disabled: bool, *, now: int, caller: Caller) -> bool:
        """Close or open a client; False when it already is."""
        ...


class SecretFiles(Protocol):
    """Files with the secrets of the clients in clients/, one per client, readable by nobody else."""

    def read(self, name: str) -> str | None:
        """Give the secret; None where there is no file.

        Raises:
            ConfigurationError: others can read the file, or it holds a default.
        """
        ...

    def make(self, name: str, secret: str) -> str:
        """Write a new file unless there is one; gives what the file holds afterwards, whoever wrote it."""
        ...

    def exchange(self, name: str, secret: str) -> None:
        """Write the file anew, at once or not at all."""
        ...


@dataclass(frozen=True, slots=True)
class ClientFile:
    """A registration file as read.

    Attributes:
        name: Path, for sentences.
        metadata: Everything in it, ``client_id`` and ``province`` included.
    """

    name: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying registration files did, by client_id, and what an operator should look at."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    not_in_files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Registrar:
    """Enters and changes clients; ``registry`` of this process sees every change at once, other processes within a second."""

    def __init__(self, records: ClientRecords, registry: ClientRegistry, secret_files: SecretFiles, clock: Clock,
                 policy: RegistrationPolicy, sectors: Sectors, client_secrets: ClientSecrets) -> None:
        self._records = records
        self._registry = registry
        self._secret_files = secret_files
        self._clock = clock
        self._policy = policy
        self._sectors = sectors
        self._client_secrets = client_secrets

    def create(self, metadata: Mapping[str, Any], caller: Caller) -> tuple[Client, str | None]:
        """Register an application from RFC 7591 metadata; an operator may add ``client_id`` and the table ``province``.

        Returns:
            The client, and its secret to be shown once (None where it does not authenticate with one).

        Raises:
            InvalidClientMetadataError, InvalidRedirectUriError: what is wrong, in one sentence.
        """
        members = dict(metadata)
        client_id = members.pop("client_id", None)
        if client_id is None:
            client_id = new_client_id()
        if not isinstance(client_id, str):
            raise InvalidClientMetadataError("client_id: a text is expected.")
        client = parse(members, self._policy, client_id=client_id, source="registered", created_at=self._clock.now())
        self._sectors.check(client)
        client, secret = self._client_secrets.make(client)
        if not self._records.create(client, now=client.created_at, caller=caller):
            raise InvalidClientMetadataError("client_id: this identifier is taken.")
        self._registry.reload()
        return client, secret

    def apply(self, files: Sequence[ClientFile], caller: Caller) -> Applied:
        """Bring the registrations in line with clients/: all files are checked before the first is applied.

        What is not in the files is reported, not removed. A secret file that is missing is made at first registration only:
        later the database knows a digest, and a new secret here would lock out the application that has the old one.

        Raises:
            ConfigurationError: a file is wrong, or two claim one identifier; nothing was done.
        """
        wanted = self._read(files)
        created, changed, unchanged, warnings = [], [], [], []
        known = {client.client_id: client for client in self._records.all()}
        for name, client in wanted.items():
            entered = known.get(name)
            if entered is None:
                made = self._client_secrets.give(client, self._secret_of(client)) if client.has_secret else client
                if self._records.create(made, now=self._clock.now(), caller=caller):
                    created.append(name)
                    warnings += self._look_at_sector(client)
                    continue
                entered = {client.client_id: client for client in self._records.all()}[name]
            if entered.source != "file":
                raise ConfigurationError(f"The client {name} was registered at run time and stands in a file too.",
                                         remedy="Give one of them another client_id.")
            if to_metadata(entered) != to_metadata(client) or (entered.sealed_secret and not client.signs_with_secret):
                self._records.change(client, now=self._clock.now(), caller=caller)
                changed.append(name)
                warnings += self._look_at_sector(client)
            else:
                unchanged.append(name)
            warnings += self._look_at_secret(client, entered, caller)
        self._registry.reload()
        missing = tuple(name for name, client in known.items() if client.source == "file" and name not in wanted
                        and not client.disabled)
        return Applied(tuple(created), tuple(changed), tuple(unchanged), missing, tuple(warnings))

    def _read(self, files: Sequence[ClientFile]) -> dict[str, Client]:
        wanted: dict[str, Client] = {}
        secret_files: dict[str, str] = {}
        for file in files:
            members = dict(file.metadata)
            client_id = members.pop("client_id", None)
            try:
                if not isinstance(client_id, str):
                    raise InvalidClientMetadataError("client_id: a text is expected.")
                client = parse(members, self._policy, client_id=client_id, source="file", created_at=self._clock.now())
                if client_id in wanted:
                    raise InvalidClientMetadataError("client_id: another file has the same.")
                if client.has_secret and secret_files.setdefault(client.secret_file, client_id) != client_id:
                    raise InvalidClientMetadataError("province.secret_file: another client has the same.")
            except RefusedError as err:
                raise ConfigurationError(f"{file.name}: {err.message}", remedy="Correct the file; see docs/clients.md.") from err
            wanted[client_id] = client
        return wanted

    def _secret_of(self, client: Client) -> str:
        secret = self._secret_files.read(client.secret_file)
        if secret is None:
            secret = self._secret_files.make(client.secret_file, secrets.token_urlsafe(32))
        if len(secret) < SHORTEST_SECRET or not (secret.isascii() and secret.isprintable()):
            raise ConfigurationError(f"The secret in keys/clients/{client.secret_file} is not a random one.",
                                     remedy=f"Delete the file; a secret of {SHORTEST_SECRET} characters or more is made.")
        return secret

    def _look_at_secret(self, client: Client, entered: Client, caller: Caller) -> list[str]:
        if not client.has_secret:
            return []
        if entered.secret_digest is None:
            secret = self._secret_of(client)
            self._records.set_secret(client.client_id, secret_digest(secret), first=True, now=self._clock.now(), caller=caller,
                                     sealed=self._client_secrets.sealed(client, secret))
            return []
        known = self._secret_files.read(client.secret_file)
        remedy = (f"copy keys/clients/{client.secret_file} from the node that has it,"
                  f" or run: clients rotate-secret {client.client_id}")
        if known is None:
            return [f"{client.client_id}: its secret file is missing here; {remedy}"]
        if not entered.check_client_secret(known):
            return [f"{client.client_id}: its secret file is not the one registered; {remedy}"]
        sealed = None if entered.sealed_secret else self._client_secrets.sealed(client, known)
        if sealed is not None:
            self._records.keep_secret(client.client_id, secret_digest(known), sealed, now=self._clock.now(), caller=caller)
        return []

    def _look_at_sector(self, client: Client) -> list[str]:
        """Warn only: a start must not depend on what others publish, and the file was reviewed."""
        try:
            self._sectors.check(client)
        except (RefusedError, UnavailableError) as err:
            return [f"{client.client_id}: {err.message}"]
        return []

    def rotate_secret(self, client_id: str, caller: Caller) -> str:
        """Make a new secret; the old one is worthless at once. A client from a file has it in its secret file too.

        Raises:
            RefusedError: the client is unknown, or does not authenticate with a secret.
        """
        client = self._known(client_id)
        if not client.has_secret:
            raise RefusedError(f"The client {client_id} does not authenticate with a secret.", code="no_secret", status=409)
        secret = secrets.token_urlsafe(32)
        self._records.set_secret(client_id, secret_digest(secret), first=False, now=self._clock.now(), caller=caller,
                                 sealed=self._client_secrets.sealed(client, secret))
        if client.source == "file":
            self._secret_files.exchange(client.secret_file, secret)
        self._registry.reload()
        return secret

    def disable(self, client_id: str, caller: Caller) -> bool:
        """Close every path to a client; its tokens are worthless while it is closed. False when it was closed before."""
        return self._set_disabled(client_id, True, caller)

    def enable(self, client_id: str, caller: Caller) -> bool:
        """Open a closed client again. False when it was open."""
        return self._set_disabled(client_id, False, caller)

    def _set_disabled(self, client_id: str, disabled: bool, caller: Caller) -> bool:
        self._known(client_id)
        done = self._records.set_disabled(client_id, disabled, now=self._clock.now(), caller=caller)
        self._registry.reload()
        return done

    def _known(self, client_id: str) -> Client:
        self._registry.reload()
        for client in self._registry.all():
            if client.client_id == client_id:
                return client
        raise RefusedError("There is no such client. See: clients list", code="unknown_client", status=404)


def new_client_id() -> str:
    """Give 128 random bits in base64url that do not look like an option on a command line."""
    while True:
        client_id = secrets.token_urlsafe(16)
        if client_id[0].isalnum():
            return client_id
