"""Sample application: document management. Run it with ``granian --interface wsgi app:app`` in this folder.

Environment, beyond that of every sample: ``SIGNING_URL`` (of remote signing and certificate services; the issuer by default),
``TRUST_ROOTS`` (PEM file of the certification authorities that are believed; those that the provider lists by default).
"""

from os import environ
from pathlib import Path

from sample_application.application import Configuration, create_application

from qlvb import views

configuration = Configuration.from_environment("qlvb", "http://localhost:8001")
app = create_application(
    configuration, name="Hệ thống Quản lý văn bản", owner="Văn phòng UBND tỉnh", page="documents.html",
    pages=Path(__file__).parent / "templates", keeps_token=True,
    # ``post``: documents are signed in one post, which the officer names at sign-in; ``groups``: who signs, who keeps the seal;
    # ``service``: remote signing.
    scope="openid profile email unit post groups service")
roots = environ.get("TRUST_ROOTS")
views.add(app, environ.get("SIGNING_URL", configuration.issuer), Path(roots) if roots else None)
