"""The pages for vendors say what is so: registrations are accepted and healthy, and programs run as they stand there."""

from __future__ import annotations

import contextlib
import json
import runpy
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from deploy.browser import Browser, Page
from deploy.directory.server import SampleDirectory
from deploy.ports import free_ports
from deploy.sample_province import Plan, SampleProvince
from idp.oauth.clients.registration import RegistrationPolicy, parse
from tests.nginx import Nginx
from tests.oauth.clients.test_examination import World, told

from ..flows.deployments import Deployment
from .officer import Officer
from .pages import FOLDER, PAGES, Place, Vendor, apache_configuration, programs, registrations, text_of
from .test_relying_parties import WHEEL, packages

__all__ = ["packages"]

OFFICER = {"username": "canbo", "password": SampleDirectory.password}
NAME = "Nguyễn Văn Mẫu"

RUN = {
    "server-web": {"van_ban.py", "van_ban.mjs"}, "single-page": {"ban_do_so.mjs"},
    "mobile": {"can_bo_di_dong.py", "can_bo_di_dong.mjs"}, "machine": {"dong_bo_dem.py", "dong_bo_dem.mjs"},
    "resource-server": {"ho_so_jwt.py", "ho_so_hoi.py", "ho_so.mjs", "ho-so.conf"},
    "device": {"may_quet.py", "may_quet.mjs"}, "behind-a-proxy": {"ke-toan.conf"},
}
"""Every program of the pages, each of which a test below runs."""


# What stands in the pages


def test_there_is_a_page_for_every_kind_of_application_and_the_index_names_each() -> None:
    assert set(PAGES) == set(RUN)
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [page for page in PAGES if f"({page}.md)" not in index] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_its_parts_in_their_order(page: str) -> None:
    text = text_of(page)
    for library in ("Authlib", "openid-client", "mod_auth_openidc"):
        assert library in text
    for library in ("Spring Security", "ASP.NET Core"):
        heading = next(line for line in text.splitlines() if line.startswith("### ") and library in line)
        assert heading.endswith("(not run by us)")
    parts = [text.index(f"\n## {number}. ") for number in (1, 2, 3, 4)]
    assert parts == sorted(parts)
    assert "clients test --file" in text


@pytest.mark.parametrize("page", PAGES)
def test_every_program_that_is_said_to_run_is_run_here(page: str) -> None:
    assert set(programs(page)) == RUN[page]


@pytest.mark.parametrize("page", PAGES)
def test_every_registration_of_a_page_is_accepted_and_nothing_is_wrong_with_it(page: str) -> None:
    found = registrations(page)
    assert found
    for metadata in found:
        client = parse({name: value for name, value in metadata.items() if name != "client_id"}, RegistrationPolicy(),
                       client_id=metadata["client_id"], source="file")
        assert told(World().findings(client, entered=False)) == set()


# A provider behind nginx with TLS, as vendors meet it


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("vendors")
    port, first, second, ldap_port, _, tls_port = free_ports(6)
    (folder / "nginx").mkdir(mode=0o755)
    nginx = Nginx(folder / "nginx", [port], port=tls_port)
    plan = Plan(folder=folder / "var", keys=folder / "keys", port=port, application_ports=(first, second), ldap_port=ldap_port,
                workers=1, settings={"issuer": nginx.url, "trusted_proxies": "127.0.0.1"})
    province = SampleProvince(plan)
    with contextlib.ExitStack() as stack:
        nginx.start()
        stack.callback(nginx.stop)
        with patch.dict("os.environ", REQUESTS_CA_BUNDLE=str(nginx.ca_file)):
            province.start()
        stack.callback(province.stop)
        nginx.stop()  # forget that nobody answered before
        nginx.start()
        yield Place(Deployment(province, (plan.folder / "log" / "web.log",), f"sqlite:///{plan.folder / 'idp.sqlite3'}"), nginx)


@pytest.fixture
def browser(place: Place) -> Iterator[Browser]:
    browser = Browser()
    browser._session.verify = place.ca
    yield browser
    browser.close()


@pytest.fixture
def vendor(place: Place, tmp_path: Path) -> Callable[..., Vendor]:
    return lambda page, **how: Vendor(place, page, tmp_path, **how)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that other accounts may read."""
    with tempfile.TemporaryDirectory(prefix="apache-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def node() -> str:
    return str(WHEEL / "bin" / "node")


def sign_in(browser: Browser, page: Page) -> Page:
    """Fill in the sign-in page."""
    form = page.form_with("password")
    assert form is not None, (page.url, page.status, page.heading)
    return browser.submit(page, form, OFFICER)


def is_asked(page: Page, place: Place) -> bool:
    return page.url.startswith(place.deployment.issuer) and page.form_with("password") is not None


def wait_until(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def examined(place: Place, client_id: str) -> dict[str, Any]:
    """Run ``clients test --fetch`` against the application while it runs."""
    done = place.deployment.flask("clients", "test", client_id, "--officer", "canbo", "--fetch", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def goes_the_whole_way(place: Place, app: Vendor, browser: Browser, *, logout: Callable[[Page], Page]) -> None:
    """Sign in, be told of a sign-out elsewhere, sign in again and sign out in the application."""
    page = sign_in(browser, browser.open(f"{app.home}/"))
    assert page.url.rstrip("/") == app.home
    assert NAME in page.text
    assert browser.open(f"{app.home}/").url.rstrip("/") == app.home

    told = examined(place, app.client_id)
    assert {finding["member"] for finding in told["findings"]} <= {"redirect_uris"}, "development on loopback, and nothing else"

    assert place.deployment.flask("sessions", "end", "--officer", "canbo").returncode == 0
    wait_until(lambda: is_asked(browser.open(f"{app.home}/"), place), "the application is told of the logout")
    page = sign_in(browser, browser.open(f"{app.home}/"))
    assert NAME in page.text
    out = logout(page)
    assert out.url.startswith(app.home) or is_asked(out, place), (out.url, out.heading)
    assert is_asked(browser.open(f"{app.home}/"), place)


def by_form(browser: Browser) -> Callable[[Page], Page]:
    def logout(page: Page) -> Page:
        return browser.submit(page, page.forms[0])

    return logout


# A web application on a server


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("program", ["van_ban.py", "van_ban.mjs"])
def test_the_web_application_signs_in_and_out_and_takes_logout_notices(
    program: str, place: Place, browser: Browser, vendor: Callable[..., Vendor],
) -> None:
    app = vendor("server-web")
    path = app.write(program)
    command = ([node(), path] if program.endswith(".mjs") else
               [sys.executable, "-m", "flask", "--app", path.stem, "run", "--port", str(app.port)])
    with app.serving(*command):
        goes_the_whole_way(place, app, browser, logout=by_form(browser))
        assert requests.post(f"{app.home}/oidc/backchannel-logout", {"logout_token": "a.b.c"}, timeout=10).status_code == 400
        assert requests.get(f"{app.home}/oidc/callback?code=x&state=y&iss=https://evil.example", timeout=10).status_code == 400


# A single-page application


@pytest.mark.usefixtures("packages")
def test_the_small_server_of_a_single_page_application_holds_the_tokens(
    place: Place, browser: Browser, vendor: Callable[..., Vendor],
) -> None:
    app = vendor("single-page")
    with app.serving(node(), app.write("ban_do_so.mjs")):
        assert browser.open(f"{app.home}/bff/me").status == 401
        sign_in(browser, browser.open(f"{app.home}/bff/login"))
        me = json.loads(browser.open(f"{app.home}/bff/me").text)
        assert (me["name"], me["unit"]) == (NAME, "Văn phòng Ủy ban nhân dân tỉnh")
        assert {len(cookie.value or "") for cookie in browser._session.cookies if cookie.name == "bff"} == {36}, "no token"

        assert place.deployment.flask("sessions", "end", "--officer", "canbo").returncode == 0
        wait_until(lambda: browser.open(f"{app.home}/bff/me").status == 401, "the small server is told of the logout")

        sign_in(browser, browser.open(f"{app.home}/bff/login"))
        me = json.loads(browser.open(f"{app.home}/bff/me").text)
        wrong = browser._session.post(f"{app.home}/bff/logout", {"form_token": "x"}, timeout=10)
        assert wrong.status_code == 400
        out = browser._session.post(f"{app.home}/bff/logout", {"form_token": me["formToken"]}, timeout=10)
        assert out.url == f"{app.home}/"
        assert browser.open(f"{app.home}/bff/me").status == 401
        assert is_asked(browser.open(f"{app.home}/bff/login"), place)


# A mobile or desktop application


def test_the_desktop_program_in_python_signs_in_with_the_systems_browser(
    place: Place, browser: Browser, vendor: Callable[..., Vendor], monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = vendor("mobile")
    assert app.secret == ""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", place.ca)
    program = runpy.run_path(str(app.write("can_bo_di_dong.py")), run_name="program")
    threads: list[threading.Thread] = []

    def browse(address: str) -> None:
        threads.append(threading.Thread(target=lambda: sign_in(browser, browser.open(address))))
        threads[0].start()

    session, claims = program["sign_in"](browse)
    threads[0].join(20)
    userinfo = f"{place.deployment.issuer}/userinfo"
    assert session.get(userinfo, timeout=10).json()["name"] == NAME
    before = session.token["access_token"]
    session.refresh_token(session.token_endpoint if hasattr(session, "token_endpoint") else f"{place.deployment.issuer}/token")
    assert session.token["access_token"] != before
    assert session.get(userinfo, timeout=10).json()["sub"] == claims["sub"]


def from_node(app: Vendor, script: str, **environment: str) -> Any:
    """Run a script of ours beside a page's program; gives the JSON that it prints."""
    path = app.write("drive.mjs", script)
    done = subprocess.run([node(), str(path)], cwd=app.folder, env=app.environment(**environment), capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("packages")
def test_the_desktop_program_in_node_signs_in_with_the_systems_browser(vendor: Callable[..., Vendor]) -> None:
    app = vendor("mobile")
    app.write("can_bo_di_dong.mjs")
    claims = from_node(app, """
        import { signIn } from './can_bo_di_dong.mjs';
        import { Browser } from './browser.mjs';
        import * as client from 'openid-client';
        const browser = new Browser();
        const fields = { username: process.env.OFFICER, password: process.env.PASSWORD };
        const { config, tokens } = await signIn(async (address) => {
          fetch(await browser.until(address, 'http://127.0.0.1', fields)); });
        const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
        const person = await client.fetchUserInfo(config, refreshed.access_token, tokens.claims().sub);
        console.log(JSON.stringify(person));
        process.exit(0);
    """, OFFICER=OFFICER["username"], PASSWORD=OFFICER["password"])
    assert claims["name"] == NAME


# A machine


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A key file, and the JWK Set that is registered."""
    private = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "nightly.pem"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = ECKey.import_key(path.read_text()).as_dict(private=False)
    return path, {"keys": [{**public, "use": "sig", "kid": "2026"}]}


def _is_refused(program: Path) -> bool:
    try:
        runpy.run_path(str(program))
    except Exception as refusal:
        return "invalid_client" in str(refusal)
    return False


def test_the_machine_in_python_gets_a_token_with_its_key(
    place: Place, vendor: Callable[..., Vendor], key: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = vendor("machine", jwks=key[1])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", place.ca)
    monkeypatch.setenv("KEY_FILE", str(key[0]))
    token = runpy.run_path(str(app.write("dong_bo_dem.py")))["session"].token
    assert (token["token_type"], token["scope"]) == ("Bearer", "service")
    place.deployment.flask("clients", "disable", app.client_id)
    wait_until(lambda: _is_refused(app.folder / "dong_bo_dem.py"), "the application is disabled")


@pytest.mark.usefixtures("packages")
def test_the_machine_in_node_gets_a_token_with_its_key(
    place: Place, vendor: Callable[..., Vendor], key: tuple[Path, dict[str, Any]],
) -> None:
    app = vendor("machine", jwks=key[1])
    app.write("dong_bo_dem.mjs")
    script = "import { tokens } from './dong_bo_dem.mjs'; console.log(JSON.stringify(tokens));"
    token = from_node(app, script, KEY_FILE=str(key[0]))
    assert token["scope"] == "service"


# A resource server


def tokens_of(app: Vendor, place: Place, scope: str) -> dict[str, Any]:
    """Get tokens of an officer for the application, as its pages would."""
    verifier, issuer, callback = secrets.token_urlsafe(32), place.deployment.issuer, f"{app.home}/oidc/callback"
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    officer = Officer()
    officer._session.verify = place.ca
    arrived = officer.arrive(f"{issuer}/authorize?" + urlencode({
        "client_id": app.client_id, "redirect_uri": callback, "response_type": "code", "scope": scope, "state": "s", "nonce": "n",
        "code_challenge": challenge, "code_challenge_method": "S256"}), callback)
    officer.close()
    form = {"grant_type": "authorization_code", "code": dict(parse_qsl(urlsplit(arrived).query))["code"],
            "redirect_uri": callback, "code_verifier": verifier}
    answer = requests.post(f"{issuer}/token", form, auth=(app.client_id, app.secret), verify=place.ca, timeout=10)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def asked(url: str, token: str) -> int:
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(("program", "path", "asks"), [
    ("ho_so_jwt.py", "/ho-so", False), ("ho_so_hoi.py", "/ho-so", True), ("ho_so.mjs", "/read", False),
    ("ho_so.mjs", "/asked", True), ("ho-so.conf", "/ho-so/index.html", True)])
def test_the_api_takes_tokens_with_its_scope_and_no_others(
    program: str, path: str, asks: bool, place: Place, vendor: Callable[..., Vendor], readable: Path,
) -> None:
    app = vendor("resource-server")
    with contextlib.ExitStack() as stack:
        if program.endswith(".conf"):
            configuration = apache_configuration(app, program, readable, backend=1)
            (readable / "www" / "ho-so").mkdir()
            (readable / "www" / "ho-so" / "index.html").write_text("ok")
            command = ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", str(configuration)]
        elif program.endswith(".py"):
            command = [sys.executable, "-m", "flask", "--app", app.write(program).stem, "run", "--port", str(app.port)]
        else:
            command = [node(), str(app.write(program))]
        stack.enter_context(app.serving(*command))
        url = f"http://localhost:{app.port}{path}"
        tokens = tokens_of(app, place, "openid unit")
        narrow = tokens_of(app, place, "openid profile")
        assert asked(url, tokens["access_token"]) == 200
        assert asked(url, narrow["access_token"]) in {401, 403}
        assert asked(url, tokens["id_token"]) == 401
        assert asked(url, tokens["access_token"][:-3] + "abc") == 401
        assert requests.get(url, timeout=10).status_code == 401
        requests.post(f"{place.deployment.issuer}/revoke", {"token": tokens["access_token"]}, auth=(app.client_id, app.secret),
                      verify=place.ca, timeout=10)
        assert asked(url, tokens["access_token"]) == (401 if asks else 200)


# A device without a browser


def test_the_device_in_python_shows_a_code_and_waits_for_the_officer(
    place: Place, browser: Browser, vendor: Callable[..., Vendor], monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = vendor("device")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", place.ca)

    def approve(address: str, code: str) -> None:
        page = browser.open(address)
        form = page.form_with("user_code")
        assert form is not None, page.heading
        page = sign_in(browser, browser.submit(page, form, {"user_code": code}))
        form = page.form_with("answer")
        assert form is not None, page.heading
        browser.submit(page, form, {"answer": "accept"})

    session = runpy.run_path(str(app.write("may_quet.py")), run_name="program")["sign_in"](approve)
    assert session.get(f"{place.deployment.issuer}/userinfo", timeout=10).json()["name"] == NAME


@pytest.mark.usefixtures("packages")
def test_the_device_in_node_shows_a_code_and_waits_for_the_officer(vendor: Callable[..., Vendor]) -> None:
    app = vendor("device")
    app.write("may_quet.mjs")
    claims = from_node(app, """
        import { signIn } from './may_quet.mjs';
        import { Browser } from './browser.mjs';
        const browser = new Browser();
        const tokens = await signIn((address, code) => {
          const fields = { username: process.env.OFFICER, password: process.env.PASSWORD, user_code: code };
          browser.until(address, 'https://nowhere.example', fields).catch(() => {}); // the last page has no form
        });
        console.log(JSON.stringify(tokens.claims()));
        process.exit(0);
    """, OFFICER=OFFICER["username"], PASSWORD=OFFICER["password"])
    assert claims["sid"]


# An old application behind a proxy


class _Old(BaseHTTPRequestHandler):
    """Shows who it is told that somebody is."""

    def do_GET(self) -> None:
        shown = [self.headers.get(name) or "" for name in ("X-Remote-User", "SSO_name", "SSO_unit_code")]
        self.send_response(200)
        self.end_headers()
        self.wfile.write("|".join(shown).encode("latin-1"))

    def log_message(self, format: str, *args: Any) -> None:  # the name is the library's
        """Say nothing."""


def test_apache_signs_officers_in_before_an_old_application_and_hands_on_who_they_are(
    place: Place, browser: Browser, vendor: Callable[..., Vendor], readable: Path,
) -> None:
    app = vendor("behind-a-proxy")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Old) as old:
        threading.Thread(target=old.serve_forever, daemon=True).start()
        configuration = apache_configuration(app, "ke-toan.conf", readable, backend=old.server_port)
        (readable / "www" / "signed-out").mkdir()
        (readable / "www" / "signed-out" / "index.html").write_text("<h1>Đã đăng xuất</h1>")
        browser._session.headers["X-Remote-User"] = browser._session.headers["SSO_name"] = "quantri"
        with app.serving("/usr/sbin/apache2", "-D", "FOREGROUND", "-f", configuration):
            goes_the_whole_way(place, app, browser, logout=lambda _page: browser.open(
                f"{app.home}/oidc/callback?" + urlencode({"logout": f"{app.home}/signed-out"})))
            page = sign_in(browser, browser.open(f"{app.home}/"))
            assert page.text.startswith("canbo|")
            assert "quantri" not in page.text
        old.shutdown()
