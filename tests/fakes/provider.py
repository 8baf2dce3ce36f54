"""A small OpenID provider for tests of relying parties: everybody is signed in already, and it can be told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response


class FakeProvider:
    """Serves discovery, keys, token and UserInfo on a free port; ``answer`` plays the officer's browser at /authorize, which
    sends a real one back at once.

    Attributes:
        claims: Members put into ID tokens; tests change them.
        details: What UserInfo answers.
        access_token: Given to whoever signs in; with ``expires_in``.
    """

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
        self.claims: dict[str, Any] = {"sub": "s-1", "sid": "sid-1", "acr": "urn:haugiang:acr:2", "amr": ["pwd", "otp", "mfa"]}
        self.details: dict[str, Any] = {"sub": "s-1", "name": "Nguyễn Văn Bộ", "title": "Chuyên viên", "unit_name": "Văn phòng"}
        self.access_token, self.expires_in = "a-1", 600
        self._codes: dict[str, dict[str, str]] = {}
        self._server = make_server("127.0.0.1", 0, Request.application(self._serve), threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> FakeProvider:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sign(self, claims: dict[str, Any], *, typ: str = "JWT", key: ECKey | None = None) -> str:
        key = key or self.key
        return jwt.encode({"alg": "ES256", "kid": key.kid, "typ": typ}, claims, key, algorithms=["ES256"])

    def logout_token(self, audience: str, **changes: Any) -> str:
        """A logout token; ``name=None`` leaves a claim out."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + 120, "jti": f"j-{time.monotonic_ns()}",
                  "sub": "s-1", "sid": "sid-1", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **changes}
        return self.sign({name: value for name, value in claims.items() if value is not None}, typ="logout+jwt")

    def answer(self, location: str, **changes: str) -> str:
        """Follow a redirect to /authorize and give the redirect back to the application, as path and query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert asked["code_challenge_method"] == "S256"
        self._codes["c-1"] = asked
        back = {"code": "c-1", "state": asked["state"], "iss": self.issuer, **changes}
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode({k: v for k, v in back.items() if v})}"

    def _serve(self, request: Request) -> Response:
        documents: dict[str, Any] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "jwks_uri": f"{self.issuer}/jwks",
                "token_endpoint": f"{self.issuer}/token", "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/logout", "id_token_signing_alg_values_supported": ["ES256"],
                "authorization_response_iss_parameter_supported": True},
            "/jwks": KeySet([self.key]).as_dict(private=False),
            "/userinfo": self.details,
        }
        if request.path == "/authorize":
            asked = request.args.get("redirect_uri", "").partition("/oidc/")[0]
            return Response(status=302, headers={"Location": asked + self.answer(request.url)})
        if request.path == "/token":
            asked = self._codes.pop(request.form["code"])
            now = int(time.time())
            id_token = self.sign({"iss": self.issuer, "aud": asked["client_id"], "iat": now, "exp": now + 300, "auth_time": now,
                                  "nonce": asked["nonce"], **self.claims})
            documents["/token"] = {"access_token": self.access_token, "token_type": "Bearer", "expires_in": self.expires_in,
                                   "id_token": id_token}
        return Response(json.dumps(documents[request.path]), content_type="application/json")
