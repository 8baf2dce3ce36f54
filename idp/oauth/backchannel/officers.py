"""Whom an authentication request is about: the officer of a login name, or of an ID token of ours.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7.1 (login_hint, id_token_hint). The mirror answers;
the directory is asked only about a name that the mirror does not know, such as that of an officer who never signed in here.
Departs from §7.1 where subjects are pairwise: what an application is told leads back to nobody, so it names the officer by
``login_hint``.
"""

from __future__ import annotations

from collections.abc import Callable

from ...authn.password import normalise_login_name
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.officer import Directory
from ...errors import RefusedError
from ..client import Client
from .request import BackchannelError, BackchannelRequest


class HintedOfficers:
    """Finds officers by hints.

    Args:
        mirror: Who officers were when last seen.
        directory: Asked about names that the mirror does not know.
        clock: Source of the time.
        mail_domain: Domain of official mail.
        read_hint: Gives the subject of an ID token of ours (token, client_id); raises RefusedError when it is none.
    """

    def __init__(self, mirror: OfficerMirror, directory: Directory, clock: Clock, *, mail_domain: str,
                 read_hint: Callable[[str, str], str]) -> None:
        self._mirror = mirror
        self._directory = directory
        self._clock = clock
        self._mail_domain = mail_domain
        self._read_hint = read_hint

    def find(self, request: BackchannelRequest, client: Client) -> MirroredOfficer | None:
        """Find the officer whom a request is about, whether or not they may use the application; None when there is none.

        Raises:
            BackchannelError: ``invalid_request``, for an ID token that is not ours or was made for another application.
            UnavailableError: the directory had to be asked and does not answer.
        """
        if request.id_token_hint:
            return self._by_id_token(request.id_token_hint, client)
        name = normalise_login_name(request.login_hint, mail_domain=self._mail_domain)
        return self._by_name(name) if name else None

    def _by_id_token(self, token: str, client: Client) -> MirroredOfficer | None:
        if client.subject_type != "public":
            raise BackchannelError("invalid_request", "Pairwise subjects do not lead back to an officer; use login_hint.")
        try:
            sub = self._read_hint(token, client.client_id)
        except RefusedError:
            raise BackchannelError("invalid_request",
                                   "id_token_hint is not an ID token that this application got here.") from None
        return self._mirror.by_sub(sub)

    def _by_name(self, name: str) -> MirroredOfficer | None:
        """Find by uid or official mail, as the sign-in page takes them."""
        local, at, _ = name.rpartition("@")
        known = self._mirror.by_uid(local if at else name)
        # Somebody else's mail may begin with this officer's uid.
        if known is not None and (not at or known.officer.mail.casefold() == name):
            return known
        officer = self._directory.find_by_login(name)
        if officer is None or officer.disabled:
            return None
        known = self._mirror.learn(officer, now=self._clock.now(), look=lambda: self._directory.find(officer.entry_uuid))
        return known if known.status == "active" else None
