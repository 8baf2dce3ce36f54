"""What the plans list: each module has a test here that carries its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .front_channel import HYBRID, IMPLICIT, variants

HERE = Path(__file__).parent

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

FRONT_CHANNEL = """
server response-type-missing idtoken-signature userinfo-get userinfo-post-header userinfo-post-body scope-profile scope-email
scope-address scope-phone scope-all alternate-happy-flow display-page display-popup prompt-login prompt-none-not-logged-in
prompt-none-logged-in max-age-1 max-age-10000 ensure-request-with-unknown-parameter-succeeds id-token-hint login-hint ui-locales
claims-locales ensure-request-with-acr-values-succeeds ensure-registered-redirect-uri
request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
unsigned-request-object-supported-correctly-or-rejected-as-unsupported ensure-request-object-with-redirect-uri claims-essential
ensure-request-without-nonce-fails
"""
"""oidcc-implicit-certification-test-plan; the hybrid plan has these and some more."""

HYBRID_PLAN = FRONT_CHANNEL + """
server-client-secret-post ensure-request-without-nonce-succeeds-for-code-flow codereuse codereuse-30seconds refresh-token
ensure-request-with-valid-pkce-succeeds
"""

DYNAMIC_PLAN = """
discovery-endpoint-verification server idtoken-rs256 idtoken-unsigned userinfo-rs256 ensure-request-object-with-redirect-uri
refresh-token ensure-redirect-uri-in-authorization-request redirect-uri-query-OK redirect-uri-query-mismatch
redirect-uri-query-added redirect-uri-regfrag registration-logo-uri registration-policy-uri registration-tos-uri
registration-jwks-uri registration-sector-uri registration-sector-bad server-rotate-keys refresh-token-rp-key-rotation
request-uri-unsigned request-uri-signed-rs256 ensure-client-assertion-with-iss-aud-succeeds
"""

PLANS = {
    "basic": (BASIC_PLAN, 38, ("test_basic_plan.py", "test_basic_plan_tokens.py")),
    "implicit": (FRONT_CHANNEL, 31, ("front_channel.py", "test_implicit_plan.py")),
    "hybrid": (HYBRID_PLAN, 37, ("front_channel.py", "test_hybrid_plan.py")),
    "dynamic": (DYNAMIC_PLAN, 23, ("test_dynamic_plan.py",)),
    "config": ("discovery-endpoint-verification", 1, ("test_config_plan.py",)),
    "3rdparty-init-login": ("3rd_party-init-login 3rd_party-init-login-nohttps", 2, ("test_third_party_plan.py",)),
}
"""By the plan's name: its modules, how many the Foundation lists, and the files that hold them."""


def names_in(*files: str) -> set[str]:
    """Names of all tests in files of this folder."""
    return {node.name for name in files for node in ast.walk(ast.parse((HERE / name).read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("plan", PLANS)
def test_each_module_of_a_plan_has_its_test(plan: str) -> None:
    modules, count, files = PLANS[plan]
    assert len(set(modules.split())) == len(modules.split()) == count
    assert {f"test_oidcc_{name.replace('-', '_').lower()}" for name in modules.split()} - names_in(*files) == set()


def test_the_form_post_plans_are_the_same_modules_with_the_answer_in_a_form() -> None:
    for file in PLANS["basic"][2]:
        assert 'params=["", "form_post"]' in (HERE / file).read_text(encoding="utf-8")
    for kinds in (HYBRID, IMPLICIT):
        twice = {(kind, mode) for kind in kinds for mode in ("", "form_post")}
        assert {parameter.values[0] for parameter in variants(kinds)} == twice
