"""The directory in memory keeps the contract."""

from __future__ import annotations

import pytest

from tests.contracts.directory import VIETNAMESE_PASSWORD, DirectoryContract, Population
from tests.fakes.directory import FakeDirectory, make_officer

SHARED = "dung.chung@haugiang.gov.vn"


class TestFakeDirectory(DirectoryContract):
    @pytest.fixture
    def population(self) -> Population:
        officers = [
            *(make_officer(uid) for uid in ("canbo", "nghiviec", "doimatkhau", "doi1", "doi2", "quen", "viet", "vanthu")),
            make_officer("chung1", mail=SHARED), make_officer("chung2", mail=SHARED),
            make_officer("quantri.coquan", "Lê Thị Thử", groups=("quantri-coquan",))]
        directory = FakeDirectory(officers, {"viet": VIETNAMESE_PASSWORD}, must_change={"doimatkhau", "doi2"},
                                  disabled={"nghiviec"})
        return Population(directory, FakeDirectory(officers, down=True), "doi1", "doi2", "quen",
                          FakeDirectory(officers, resets=False), "viet", ("chung1", "chung2"))
