"""The numbered lists at the command line, in a place where nothing else is set up yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from idp.adapters.sheets import SheetFiles
from idp.app import create_app
from idp.pki.forms import writing
from idp.pki.forms.catalogue import FORMS

GOOD = {"name": "Nguyễn Văn Mẫu", "mail": "nvmau@haugiang.gov.vn", "phone": "0912345678", "carrier": "viettel"}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setenv("IDP_FOO", "wrong settings are nothing to a list")
    return create_app(serve=False)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["forms", *arguments])


def test_every_list_is_named(app: Flask) -> None:
    assert [line.split()[0] for line in run(app, "list").stdout.splitlines()] == list(FORMS)
    listed = json.loads(run(app, "list", "--json").stdout)["forms"]
    assert {"key": "phone", "heading": "Số điện thoại di động", "required": True} in listed[5]["columns"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_blank_list_is_written_once(app: Flask, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"list{suffix}"
    assert run(app, "blank", "sim_dang_ky", "-o", str(file)).exit_code == 0
    assert SheetFiles().read(file.read_bytes()) == writing.blank(FORMS["sim_dang_ky"])
    again = run(app, "blank", "sim_dang_ky", "-o", str(file), "--json")
    assert (again.exit_code, json.loads(again.stdout)["remedy"]) == (1, "Choose another name.")


def test_other_files_are_not_written(app: Flask, tmp_path: Path) -> None:
    assert run(app, "blank", "sim_dang_ky", "-o", str(tmp_path / "list.txt")).exit_code == 2
    assert run(app, "blank", "sim_dang_ky", "-o", str(tmp_path / "none" / "list.csv")).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_good_list(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    file.write_bytes(SheetFiles().xlsx(writing.rows(FORMS["sim_dang_ky"], [GOOD]), "x"))
    result = run(app, "check", str(file))
    assert (result.exit_code, result.stdout) == (0, "Danh sách đăng ký SIM ký số: 1 dòng tốt, 0 dòng cần sửa\n")


def test_what_is_to_be_corrected_is_said_and_written(app: Flask, tmp_path: Path) -> None:
    file, report = tmp_path / "list.csv", tmp_path / "sửa.xlsx"
    file.write_bytes(SheetFiles().csv(writing.rows(FORMS["sim_dang_ky"], [{**GOOD, "phone": "123"}])))
    result = run(app, "check", str(file), "--report", str(report), "--json")
    problem = {"line": "2", "name": "Nguyễn Văn Mẫu", "column": "Số điện thoại di động", "given": "123",
               "reason": "Số điện thoại không đúng. Số di động có 10 chữ số và bắt đầu bằng 0."}
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["good"], answer["bad"], answer["problems"]) == (1, 0, 1, [problem])
    assert SheetFiles().read(report.read_bytes())[1] == list(problem.values())
    assert "dòng 2 (Nguyễn Văn Mẫu), Số điện thoại di động: 123." in run(app, "check", str(file)).stdout


def test_a_file_that_is_no_list(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("một,hai\n")
    for more, sentence in (((), "The headings of this file fit none of the lists."),
                           (("--form", "sim_dang_ky"), "Không tìm thấy dòng tên cột. Vui lòng dùng tệp mẫu.")):
        result = run(app, "check", str(file), *more, "--json")
        assert (result.exit_code, json.loads(result.stdout)["error"]) == (1, sentence)
