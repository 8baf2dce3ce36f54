"""An application that leaves signing in to the province's provider.

Spec: OpenID Connect Core 1.0 §3.1 (code flow, with PKCE of RFC 7636 and the issuer check of RFC 9207), §4 (sign-in begun by
somebody else), RP-Initiated Logout 1.0, Back-Channel Logout 1.0.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from hmac import compare_digest
from os import environ
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Flask, Response, abort, current_app, redirect, render_template, request, session, url_for
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from werkzeug.wrappers import Response as WerkzeugResponse

from .logout_token import LogoutTokenError, SeenTokens, read
from .sessions import MemorySessions

TIMEOUT_SECONDS = 10
LEVELS = {"1": "Mật khẩu", "2": "Hai lớp", "3": "Chứng thư số hoặc SIM"}


@dataclass(frozen=True)
class Configuration:
    """What the operator of an application gives it; everything else is learnt from the provider's discovery document.

    Attributes:
        issuer: The provider's issuer identifier.
        client_id: As in client.toml.
        client_secret: Content of the secret file that the provider's operator hands over.
        url: Where officers reach this application, without a trailing slash.
        links: Names and addresses of other applications, shown on the page.
    """

    issuer: str
    client_id: str
    client_secret: str
    url: str
    links: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_environment(cls, client_id: str, url: str) -> Configuration:
        """Read SSO_ISSUER, CLIENT_SECRET_FILE, APPLICATION_URL and APPLICATION_LINKS (lines of ``name=address``)."""
        folder = Path(__file__).resolve().parents[2]
        secret = Path(environ.get("CLIENT_SECRET_FILE", folder / "keys" / "clients" / f"{client_id}.secret"))
        lines = environ.get("APPLICATION_LINKS", "").splitlines()
        return cls(
            issuer=environ.get("SSO_ISSUER", "http://localhost:8000"), client_id=client_id,
            client_secret=secret.read_text(encoding="utf-8").strip(), url=environ.get("APPLICATION_URL", url).rstrip("/"),
            links=tuple((name, address) for name, _, address in (line.partition("=") for line in lines) if address))


def create_application(configuration: Configuration, *, name: str, owner: str, page: str, pages: Path,
                       scope: str = "openid profile email unit", keeps_token: bool = False) -> Flask:
    """Build an application.

    Args:
        configuration: See there.
        name: Shown as the title.
        owner: The agency that answers for it.
        page: Template of the first page, shown to officers who are signed in.
        pages: Folder of that template.
        scope: What it asks for; each of it stands in client.toml.
        keeps_token: Whether the session keeps the access token (``access_token``, ``access_since``, ``access_until``), for APIs
            beyond UserInfo.
    """
    app = Flask("sample_application", root_path=str(Path(__file__).parent))
    app.jinja_loader.searchpath.append(str(pages))  # type: ignore[union-attr]
    app.config.update(MAX_CONTENT_LENGTH=64 * 1024, MAX_FORM_MEMORY_SIZE=64 * 1024)
    sessions = MemorySessions(f"{configuration.client_id.replace('-', '_')}_session",
                              secure=configuration.url.startswith("https://"))
    app.session_interface = sessions
    provider = OAuth(app).register(
        "province", client_id=configuration.client_id, client_secret=configuration.client_secret,
        server_metadata_url=f"{configuration.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": scope, "code_challenge_method": "S256", "default_timeout": TIMEOUT_SECONDS})
    app.extensions["sign_on"] = SignOn(configuration, provider, sessions, SeenTokens(), keeps_token)
    app.jinja_env.globals.update(application=name, owner=owner, links=configuration.links)

    app.add_url_rule("/", "home", lambda: _home(page))
    app.add_url_rule("/oidc/login", "login", _login, methods=["GET", "POST"])
    app.add_url_rule("/oidc/callback", "callback", _callback)
    app.add_url_rule("/logout", "logout", _logout, methods=["POST"])
    app.add_url_rule("/logged-out", "logged_out", lambda: render_template("logged_out.html"))
    app.add_url_rule("/oidc/backchannel-logout", "backchannel_logout", _backchannel_logout, methods=["POST"])
    app.add_url_rule("/healthz", "healthz", lambda: ("ok\n", {"Content-Type": "text/plain"}))
    app.register_error_handler(OAuthError, _refused)
    app.register_error_handler(OAuth2Error, _refused)
    app.register_error_handler(JoseError, _refused)
    app.register_error_handler(requests.RequestException, _unreachable)
    app.after_request(_headers)
    return app


@dataclass(frozen=True)
class SignOn:
    """What the views below share."""

    configuration: Configuration
    provider: Any
    sessions: MemorySessions
    seen: SeenTokens
    keeps_token: bool

    @property
    def issuer(self) -> str:
        """The provider's issuer identifier."""
        return self.configuration.issuer


def _sign_on() -> SignOn:
    found: SignOn = current_app.extensions["sign_on"]
    return found


def _home(page: str) -> str | WerkzeugResponse:
    officer = session.get("officer")
    if officer is None:
        return redirect(url_for("login"))
    return render_template(page, officer=officer, form_token=session["form_token"])


def _login() -> WerkzeugResponse:
    """Send the officer to the provider; also when somebody else begins (OpenID Connect Core 1.0 §4)."""
    sign_on = _sign_on()
    issuer = request.values.get("iss")
    if issuer is not None and issuer != sign_on.issuer:
        abort(400, "This application signs in at another provider.")
    hint = request.values.get("login_hint")
    answer: WerkzeugResponse = sign_on.provider.authorize_redirect(
        f"{sign_on.configuration.url}/oidc/callback", **({"login_hint": hint[:256]} if hint else {}))
    return answer


def _callback() -> WerkzeugResponse:
    """Take the provider's answer: check who sent it, exchange the code, begin the session."""
    sign_on = _sign_on()
    metadata = sign_on.provider.load_server_metadata()
    if metadata["issuer"] != sign_on.issuer:
        raise OAuthError(error="invalid_issuer", description="The discovery document names another issuer.")
    if metadata.get("authorization_response_iss_parameter_supported") and request.args.get("iss") != sign_on.issuer:
        raise OAuthError(error="invalid_issuer", description="The answer does not come from our provider (RFC 9207).")
    if "officer" in session and not sign_on.provider.framework.get_state_data(session, request.args.get("state")):
        return redirect(url_for("home"))  # the other of two tabs was quicker, or the browser went back
    token = sign_on.provider.authorize_access_token()
    claims = dict(token["userinfo"])
    details = sign_on.provider.userinfo(token=token)
    if details["sub"] != claims["sub"]:
        raise OAuthError(error="invalid_token", description="UserInfo speaks of somebody else (OpenID Connect Core 5.3.2).")
    session.renew()  # type: ignore[attr-defined]
    session["officer"] = {**details, **{key: claims.get(key) for key in ("sub", "sid", "acr", "amr", "auth_time")},
                          "level": LEVELS.get(str(claims.get("acr", "")).rpartition(":")[2], "chưa rõ")}
    session["id_token"] = token["id_token"]
    session["form_token"] = secrets.token_urlsafe(32)
    if sign_on.keeps_token:
        session["access_token"] = token["access_token"]
        session["access_since"] = time.time()
        session["access_until"] = session["access_since"] + float(token.get("expires_in", 0))
    return redirect(session.pop("return_to", url_for("home")))  # set by views of ours alone


def _logout() -> WerkzeugResponse:
    """End our session, then the provider's, which tells every other application (RP-Initiated Logout 1.0 §2)."""
    sign_on = _sign_on()
    if "officer" not in session:
        return redirect(url_for("logged_out"))
    if not compare_digest(session["form_token"].encode(), request.form.get("form_token", "").encode()):
        abort(400, "The form is not ours or is out of date. Please go back and try again.")
    id_token = session["id_token"]
    session.clear()
    target = sign_on.provider.create_logout_url(
        post_logout_redirect_uri=f"{sign_on.configuration.url}/logged-out", id_token_hint=id_token,
        client_id=sign_on.configuration.client_id)
    return redirect(target["url"], code=303)


def _backchannel_logout() -> tuple[dict[str, str], int] | tuple[str, int]:
    """End the sessions that the provider names (Back-Channel Logout 1.0 §2.5, §2.8)."""
    sign_on = _sign_on()
    token = request.form.get("logout_token", "")
    algorithms = [name for name in sign_on.provider.load_server_metadata().get("id_token_signing_alg_values_supported", ["RS256"])
                  if name[:2] in {"RS", "PS", "ES", "Ed"}]

    def notice(force: bool) -> Any:
        keys = KeySet.import_key_set(sign_on.provider.fetch_jwk_set(force=force))
        return read(token, keys, issuer=sign_on.issuer, client_id=sign_on.configuration.client_id, algorithms=algorithms,
                    seen=sign_on.seen, now=int(time.time()))

    try:
        try:
            found = notice(force=False)
        except InvalidKeyIdError:
            found = notice(force=True)
    except (LogoutTokenError, InvalidKeyIdError) as err:
        current_app.logger.warning("back-channel logout refused: %s", err)
        return {"error": "invalid_request", "error_description": str(err)}, 400
    ended = sign_on.sessions.end(sid=found.sid, sub=found.sub)
    current_app.logger.info("back-channel logout ended %d session(s)", ended)
    return "", 200


def _refused(err: Exception) -> tuple[str, int]:
    """Say that the sign-in did not succeed, and offer to begin again: never a redirect loop."""
    current_app.logger.warning("sign-in refused: %s", err)
    return render_template("problem.html", denied=getattr(err, "error", "") == "access_denied"), 400


def _unreachable(err: Exception) -> tuple[str, int, dict[str, str]]:
    current_app.logger.warning("provider unreachable: %s", type(err).__name__)
    return render_template("problem.html", unreachable=True), 503, {"Retry-After": "10"}


def _headers(response: Response) -> Response:
    sign_on = _sign_on()
    issuer = urlsplit(sign_on.issuer)
    # form-action names the provider too: browsers apply it to where the sign-out form is redirected.
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {issuer.scheme}://{issuer.netloc}")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
