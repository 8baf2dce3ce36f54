"""Sample application: document management. Run it with ``granian --interface wsgi app:app`` in this folder."""

from pathlib import Path

from sample_application.application import Configuration, create_application

app = create_application(
    Configuration.from_environment("qlvb", "http://localhost:8001"),
    name="Hệ thống Quản lý văn bản", owner="Văn phòng UBND tỉnh", page="documents.html",
    pages=Path(__file__).parent / "templates",
    scope="openid profile email unit post")  # documents are signed in one post, which the officer names at sign-in
