"""One small provider of remote signing for all tests here, with a leader's card and a clerk's that holds the agency's seal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[3] / "clients"
sys.path.insert(0, str(CLIENTS))

from qlvb.fonts import choose  # noqa: E402
from qlvb.layout import Layout  # noqa: E402
from qlvb.sample_document import Words, make  # noqa: E402

from tests.fakes.remote_signing import RemoteSigning  # noqa: E402

LEADER, AGENCY = "Phạm Văn Minh Họa", "Sở Thông tin và Truyền thông"


@pytest.fixture(scope="session")
def service() -> Iterator[RemoteSigning]:
    service = RemoteSigning().start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def layout() -> Layout:
    return Layout.read()


@pytest.fixture(scope="session")
def font(layout: Layout) -> Path:
    return choose(layout.fonts)


@pytest.fixture(scope="session")
def document(font: Path) -> bytes:
    return make(Words(AGENCY, "57/STTTT-CNTT", "V/v rà soát danh sách cán bộ được cấp SIM ký số", "Giám đốc", LEADER), font)
