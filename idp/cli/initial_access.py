"""``flask clients initial-access-token create|list|revoke``: leave to register applications (docs/operations/registration.md)."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from ..audit import Caller
from ..oauth.clients.initial_access import GRANT_TYPES, InitialAccessToken, Terms
from ..oauth.clients.registration import default_scope
from ..services import Services
from .verb import Verbs

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_SPAN = re.compile(r"([0-9]{1,5})([dh])")
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``initial-access-token``, which stands below ``clients``."""
    group = Verbs("initial-access-token", help="Leave for applications to register themselves (RFC 7591).")

    @group.command("create")
    @click.option("--owner", required=True, help="Agency that answers for the applications.")
    @click.option("--owner-unit", default="", help="Its code, such as H30.11; empty: the province's.")
    @click.option("--quota", type=int, default=1, show_default=True, help="How many may be registered.")
    @click.option("--expires", default="30d", show_default=True,
                  help="Days (30d), hours (12h), the last day (2026-12-31), or never.")
    @click.option("--consent", type=click.Choice(["ask", "implied"]), default="ask", show_default=True,
                  help="Whether officers are asked before something is shared.")
    @click.option("--scope", default=" ".join(sorted(default_scope(GRANT_TYPES))), show_default=True,
                  help="Scopes that may be registered, separated by spaces.")
    @click.option("--grant-types", default=" ".join(GRANT_TYPES), show_default=True,
                  help="Grant types that may be registered, separated by spaces.")
    @click.option("--allow-no-pkce", is_flag=True, help="Applications with a secret or keys need no PKCE.")
    @click.option("--required-acr", default="", help="Least assurance, an acr value.")
    @click.option("--allowed-group", "allowed_groups", multiple=True, help="Officers need this group or another one given.")
    @click.option("--software-issuer", default="", help="Who must vouch for the applications with a software statement.")
    @_json_option
    def create(owner: str, owner_unit: str, quota: int, expires: str, consent: str, scope: str, grant_types: str,
               allow_no_pkce: bool, required_acr: str, allowed_groups: tuple[str, ...], software_issuer: str,
               as_json: bool) -> None:
        """Make a token; it is shown this once."""
        house = services()
        terms = Terms(owner=owner, consent="implied" if consent == "implied" else "ask", scope=frozenset(scope.split()),
                      grant_types=tuple(grant_types.replace(",", " ").split()), require_pkce=not allow_no_pkce,
                      required_acr=required_acr, allowed_groups=allowed_groups, software_issuer=software_issuer,
                      owner_unit=owner_unit)
        token, value = house.initial_access.create(
            terms, quota=quota, expires_at=_moment(expires, house.clock.now()), caller=_caller())
        if as_json:
            _print({**_shown(token, house.clock.now()), "initial_access_token": value})
        else:
            click.echo(f"id                    {token.token_id}\ninitial_access_token  {value}\nThe token is not shown again.")

    @group.command("list")
    @_json_option
    def list_tokens(as_json: bool) -> None:
        """Show all tokens, their terms and what was registered with them; never their values."""
        house = services()
        tokens, now = house.initial_access.tokens(), house.clock.now()
        if as_json:
            _print({"initial_access_tokens": [_shown(token, now) for token in tokens]})
            return
        for token in tokens:
            until = "never expires" if token.expires_at is None else f"until {_words(token.expires_at)}"
            state = (token.lapse(now) or "open").replace("_", " ")
            click.echo(f"{token.token_id}  {state:<8} {token.used}/{token.quota}  {until}  {token.terms.owner}")

    @group.command("revoke")
    @click.argument("token_id", metavar="ID")
    @_json_option
    def revoke(token_id: str, as_json: bool) -> None:
        """End a token at once; what was registered with it stays (see: clients disable)."""
        changed = services().initial_access.revoke(token_id, _caller())
        if as_json:
            _print({"id": token_id, "revoked": True, "changed": changed})
        else:
            click.echo(f"{token_id} is revoked{'' if changed else ', as it was before'}.")

    return group


def _moment(text: str, now: int) -> int | None:
    """Read when a token ends: a span from now, a last day in Vietnam time, or never."""
    if text == "never":
        return None
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + int(span[1]) * (86400 if span[2] == "d" else 3600)
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=_ZONE)
    except ValueError:
        raise click.UsageError("--expires is a number of days (30d) or hours (12h), a day (2026-12-31), or never.") from None
    return int((day + timedelta(days=1)).timestamp())


def _shown(token: InitialAccessToken, now: int) -> dict[str, Any]:
    return {"id": token.token_id, "state": token.lapse(now) or "open", "quota": token.quota, "used": token.used,
            "created_at": token.created_at, "expires_at": token.expires_at, "revoked_at": token.revoked_at,
            "terms": token.terms.as_dict(), "clients": list(token.clients)}


def _words(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, _ZONE):%d/%m/%Y %H:%M}"


def _caller() -> Caller:
    return Caller("cli", secrets.token_hex(8))


def _print(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
