"""Sample application: the province's web portal. Run it with ``granian --interface wsgi app:app`` in this folder."""

from pathlib import Path

from sample_application.application import Configuration, create_application

app = create_application(
    Configuration.from_environment("cong-thong-tin", "http://localhost:8002"),
    name="Cổng thông tin điện tử", owner="Sở Thông tin và Truyền thông", page="news.html",
    pages=Path(__file__).parent / "templates")
