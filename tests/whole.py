"""The whole application in this process: both doors, every adapter but the directory, a database of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from idp.adapters.key_files import KeyFolder
from idp.app import create_app
from idp.clock import Clock
from idp.directory.officer import Directory, Officer
from idp.settings import Settings

from .fakes.directory import FakeDirectory, make_officer

CLIENT = {
    "client_id": "qlvb", "client_name": "Quản lý văn bản", "client_uri": "http://localhost:8001/",
    "redirect_uris": ["http://localhost:8001/oidc/callback"], "post_logout_redirect_uris": ["http://localhost:8001/"],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "scope": "openid profile email unit offline_access", "token_endpoint_auth_method": "client_secret_basic",
}


def make_settings(folder: Path, database_url: str, clients: Iterable[Mapping[str, Any]] = (CLIENT,), **settings: Any) -> Settings:
    """Write keys and registration files into a folder and give the settings for them."""
    keys = folder / "keys"
    KeyFolder(keys).make()
    for client in clients:
        place = folder / "clients" / client["client_id"]
        place.mkdir(parents=True, exist_ok=True)
        province = {"owner": "Văn phòng UBND tỉnh", "consent": "implied", **client.get("province", {})}
        top = {name: value for name, value in client.items() if name != "province"}
        lines = [f"{name} = {toml(value)}" for name, value in top.items()]
        lines += ["[province]", *(f"{name} = {toml(value)}" for name, value in province.items())]
        (place / "client.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "clients").mkdir(exist_ok=True)
    return Settings(**{"env": "development", "database_url": database_url, "keys_dir": keys, "clients_dir": folder / "clients",
                       "log_level": "ERROR", **settings})


def toml(value: Any) -> str:
    """Write a value of JSON as TOML has it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(member) for member in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def make_app(folder: Path, database_url: str, *, officers: Iterable[Officer] | None = None, directory: Directory | None = None,
             clock: Clock | None = None, clients: Iterable[Mapping[str, Any]] = (CLIENT,), **settings: Any) -> Flask:
    """Give the application, with a directory in memory unless another is given."""
    people = directory or FakeDirectory(officers or [make_officer("canbo")])
    return create_app(make_settings(folder, database_url, clients, **settings), directory=people, clock=clock)


def secret_of(app_folder: Path, client_id: str) -> str:
    """Give the secret that was made for a client at start."""
    return (app_folder / "keys" / "clients" / f"{client_id}.secret").read_text().strip()
