"""An application of somebody else, as its browser side goes: it signs in, watches, and is told of a logout in a frame."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import urllib.request
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.receivers import Receivers

from .deployments import Deployment
from .person import Person

VERIFIER = secrets.token_urlsafe(32)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Application:
    """A public application on ``http://localhost``, registered on the command line.

    Attributes:
        home: Where it is, without a slash at the end.
        receivers: Answers for it and remembers what was asked of it.
    """

    def __init__(self, deployment: Deployment, receivers: Receivers, **metadata: Any) -> None:
        self._deployment, self.receivers = deployment, receivers
        self.home = receivers.url("", host="localhost")
        self.callback, self.out = f"{self.home}/status-200/callback", f"{self.home}/status-200/out"
        self.client_id = deployment.register({
            "client_name": "Một cửa điện tử", "redirect_uris": [self.callback], "post_logout_redirect_uris": [self.out],
            "token_endpoint_auth_method": "none", "scope": "openid", "province": {"consent": "implied"}, **metadata})["client_id"]

    def sign_in(self, person: Person, uid: str = "canbo") -> dict[str, str]:
        """Send a person to the provider; gives the parameters of the answer."""
        person.open(f"{self._deployment.issuer}/authorize?" + urlencode({
            "client_id": self.client_id, "redirect_uri": self.callback, "response_type": "code", "scope": "openid",
            "state": "st", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}))
        person.wait(lambda: person.is_asked_for_password or person.url.startswith(self.callback), "an answer")
        if person.is_asked_for_password:
            person.sign_in(uid)
        assert person.url.startswith(self.callback), person.text
        return dict(parse_qsl(urlsplit(person.url).query))

    def id_token(self, answer: dict[str, str]) -> str:
        """Redeem the code, straight at the first process."""
        form = {"grant_type": "authorization_code", "client_id": self.client_id, "code": answer["code"],
                "redirect_uri": self.callback, "code_verifier": VERIFIER}
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self._deployment.province.plan.url}/token", urlencode(form).encode(), timeout=20) as reply:
            return str(json.load(reply)["id_token"])

    def logout_url(self, id_token: str) -> str:
        """Give the address at which this application asks for a logout."""
        return f"{self._deployment.issuer}/logout?" + urlencode({
            "id_token_hint": id_token, "post_logout_redirect_uri": self.out, "state": "bye"})

    def frames(self) -> list[dict[str, str]]:
        """Give the parameters of every request for the frame that tells of a logout."""
        return [dict(parse_qsl(urlsplit(path).query)) for path in self.receivers.paths() if "/frame" in path]


def claims_of(id_token: str) -> dict[str, Any]:
    """Read an ID token without judging it."""
    segment = id_token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))
