"""The administration API over real rooms and a database, with officers who get their tokens by a code, and machines."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import literal_column, select, update

from deploy import sample_sims
from deploy.mobile_signature import authority
from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.database import Database
from idp.adapters.sql.keys import SqlKeyStore
from idp.adapters.sql.tables import AuditRow, OfficerRow
from idp.administration.access import RATES, Rates
from idp.app import build_services
from idp.audit import Caller
from idp.authn.lockout import Rule
from idp.directory.officer import Post
from idp.oauth.clients.registrar import ClientFile
from idp.oauth.server import ProviderRequest
from idp.services import Services
from idp.settings import Settings
from idp.web import api
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, make_officer

ISSUER = "http://localhost:8000"
CALLER = Caller("192.0.2.1", "request-1")
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://localhost:8009/cb"
BACK = "https://application.example/cb"
IT, HOME = "H30.11", "H30.12"
"""Two agencies; ``quantri.coquan`` administers the first."""
APPLICATION = {"client_name": "Khảo sát", "redirect_uris": [BACK], "scope": "openid profile",
               "province": {"owner": "Sở TTTT", "owner_unit": IT}}
ORDINARY = RATES
PLENTY = Rates(requests=Rule(40_000, 40_000), changes=Rule(40_000, 40_000))

FILES = [
    {"client_id": "console", "client_name": "Console", "redirect_uris": [CALLBACK],
     "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
     "scope": "openid offline_access admin admin:read", "province": {"consent": "implied"}},
    {"client_id": "qlvb", "client_name": "Quản lý văn bản", "redirect_uris": ["http://localhost:8001/cb"],
     "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
     "scope": "openid profile service offline_access", "province": {"consent": "implied", "owner": "Văn phòng"}},
]


_folders: list[tempfile.TemporaryDirectory[str]] = []


def _folder(prefix: str) -> Path:
    """Make a folder that goes with this process: what is kept for all tests of a process has no fixture that would remove it."""
    _folders.append(tempfile.TemporaryDirectory(prefix=prefix))
    return Path(_folders[-1].name)


@cache
def _keys_dir() -> Path:
    folder = _folder("idp-administration-") / "keys"
    KeyFolder(folder).make()
    return folder


@cache
def carriers() -> Path:
    """Make the file of a carrier that is never called; gives its path."""
    folder = _folder("idp-carriers-")
    (folder / "mssp").mkdir()
    authority.make(folder / "mssp")
    (folder / "mssp.toml").write_text(sample_sims.carriers(folder / "mssp", 1))
    return folder / "mssp.toml"


_made: list[Any] = []


class Office:
    """Everything behind the API, and those who call it.

    Attributes:
        client: Flask's test client, without a cookie jar.
    """

    def __init__(self, url: str, *, rates: Rates = ORDINARY, **settings: Any) -> None:
        self.clock = FakeClock()
        self.database = Database(url)
        store = SqlKeyStore(self.database)
        for key in _made:  # RSA keys take their time; they are sealed under one key for all tests
            store.add(key, version=store.version(), caller=CALLER)
        self.settings = Settings(**{"env": "development", "issuer": ISSUER, "database_url": url, "keys_dir": _keys_dir(),
                                    "log_level": "ERROR", **settings})
        self.directory = FakeDirectory()
        self.services: Services = build_services(self.settings, directory=self.directory, clock=self.clock)
        self.services.keys.ensure(CALLER)
        self.services.encryption_keys.ensure(CALLER)
        if not _made:
            _made.extend(store.keys())
        if rates is not ORDINARY:
            vars_of: Any = self.services.administration.access
            vars_of._rates = rates
        self.services.registrar.apply([ClientFile(f["client_id"], f) for f in FILES], CALLER)
        self.secrets = {f["client_id"]: self.services.registrar.rotate_secret(f["client_id"], CALLER) for f in FILES}
        self.client = api.create(self.services).test_client(use_cookies=False)

    def close(self) -> None:
        self.database.dispose()

    # People

    def officer(self, uid: str, *groups: str, unit: str = HOME, disabled: bool = False) -> str:
        """Add an officer to directory and mirror; gives the subject."""
        return self.services.mirror.remember(self.directory.add(make_officer(
            uid, groups=groups, posts=(Post(unit, "", "Sở", "Chuyên viên"),), disabled=disabled)), now=self.clock.now())

    def disable(self, uid: str) -> None:
        """Mark an officer in the mirror."""
        table: Any = OfficerRow.__table__
        self.database.write(update(table).where(table.c.uid == literal_column(f"'{uid}'"))
                            .values(status=literal_column("'disabled'"))).run()

    def session(self, sub: str, *, acr: int = 2) -> Any:
        """Sign an officer in."""
        amr = ("pwd", "otp", "mfa") if acr > 1 else ("pwd",)
        return self.services.sessions.open(sub, acr=acr, amr=amr, caller=CALLER)[1]

    # Tokens

    def token(self, uid: str = "quantri", *groups: str, unit: str = HOME, acr: int = 2, scope: str = "openid admin",
              session: Any = None, client_id: str = "console", dpop: str = "") -> str:
        """Give an access token of an officer."""
        session = session or self.session(self.officer(uid, *groups, unit=unit), acr=acr)
        callback = next(f for f in FILES if f["client_id"] == client_id)["redirect_uris"][0]
        asked = self.services.provider.parse_authorization({name: [value] for name, value in {
            "client_id": client_id, "redirect_uri": callback, "response_type": "code", "scope": scope, "state": "x",
            "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}.items()})
        code = dict(self.services.provider.issue_code(asked, session=session, caller=CALLER).parameters)["code"]
        return self._answer({"grant_type": "authorization_code", "code": code, "redirect_uri": callback,
                             "code_verifier": VERIFIER}, client_id, dpop)

    def machine(self, client_id: str = "console", scope: str = "admin", dpop: str = "") -> str:
        """Give an access token of an application that acts for itself."""
        return self._answer({"grant_type": "client_credentials", "scope": scope}, client_id, dpop)

    def _answer(self, form: dict[str, str], client_id: str, dpop: str) -> str:
        basic = base64.b64encode(f"{client_id}:{self.secrets[client_id]}".encode()).decode()
        answer = self.services.provider.token(ProviderRequest(form, caller=CALLER, authorization=f"Basic {basic}", dpop=dpop))
        assert answer.status == 200, answer.body
        return str(answer.body["access_token"])

    def province(self) -> str:
        """Give a token of an administrator of the province."""
        return self.token("quantri", "quantri-tinh")

    def agency(self, unit: str = IT) -> str:
        """Give a token of an administrator of an agency."""
        return self.token("quantri.coquan", "quantri-coquan", unit=unit)

    def auditor(self) -> str:
        """Give a token of an auditor."""
        return self.token("kiemtoan", "kiemtoan")

    # Calls

    def call(self, method: str, path: str, token: str = "", body: Any = None, *, etag: str = "", scheme: str = "Bearer",
             media_type: str = "", **headers: str) -> Any:
        """Call the API; gives Flask's answer."""
        sent = {"Host": "localhost:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if token:
            sent["Authorization"] = f"{scheme} {token}"
        if etag:
            sent["If-Match"] = etag
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        usual = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, data=content,
                                content_type=media_type or (usual if body is not None else None))

    def made(self, token: str, **members: Any) -> tuple[str, str, Any]:
        """Enter an application; gives identifier, ETag and the answer."""
        province = APPLICATION["province"] | members.pop("province", {})
        answer = self.call("POST", "/clients", token, APPLICATION | members | {"province": province})
        assert answer.status_code == 201, answer.text
        return answer.json["client_id"], answer.headers["ETag"], answer

    def audited(self) -> list[Any]:
        """All audit records, oldest first, but those of the mirror: the officers of a test join it too."""
        mirrored = AuditRow.event.like("officer.%")
        return self.database.read(select(AuditRow.__table__).where(~mirrored).order_by(AuditRow.id)).all()
