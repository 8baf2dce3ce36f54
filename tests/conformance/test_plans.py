"""What the plans list: each module has a test here that carries its name."""

from __future__ import annotations

import ast
from pathlib import Path

BASIC_PLAN = """
server server-client-secret-post response-type-missing idtoken-signature idtoken-unsigned userinfo-get userinfo-post-header
userinfo-post-body ensure-request-without-nonce-succeeds-for-code-flow scope-profile scope-email scope-address scope-phone
scope-all alternate-happy-flow display-page display-popup prompt-login prompt-none-not-logged-in prompt-none-logged-in max-age-1
max-age-10000 ensure-request-with-unknown-parameter-succeeds id-token-hint login-hint ui-locales claims-locales
ensure-request-with-acr-values-succeeds codereuse codereuse-30seconds ensure-registered-redirect-uri
ensure-post-request-succeeds request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
unsigned-request-object-supported-correctly-or-rejected-as-unsupported ensure-request-object-with-redirect-uri claims-essential
refresh-token ensure-request-with-valid-pkce-succeeds
"""
"""oidcc-basic-certification-test-plan, every name without its first word ``oidcc``."""

THIRD_PARTY_PLAN = "3rd_party-init-login 3rd_party-init-login-nohttps"


def names_here() -> set[str]:
    """Names of all tests of this folder."""
    return {node.name for path in Path(__file__).parent.glob("test_*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}


def lacking(plan: str) -> list[str]:
    """Give the modules of a plan that have no test."""
    found = names_here()
    return [name for name in plan.split() if f"test_oidcc_{name.replace('-', '_')}" not in found]


def test_the_basic_plan_has_its_38_modules_and_each_has_its_test() -> None:
    assert len(set(BASIC_PLAN.split())) == 38
    assert lacking(BASIC_PLAN) == []


def test_the_third_party_plan_is_here() -> None:
    assert lacking(THIRD_PARTY_PLAN) == []
