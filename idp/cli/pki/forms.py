"""``flask forms list|blank|check``: the numbered lists to fill, and what is wrong with one that was (docs/operations/forms.md).

Nothing is written but the file that was asked for, and nothing is looked up: a list can be checked before there is a database.
"""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ...clock import Clock
from ...pki.forms import ListError, Sheets, reading, writing
from ...pki.forms.catalogue import FORMS
from ...pki.forms.report import of_list
from ..verb import Refusal, Verbs

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_SUFFIXES = (".csv", ".xlsx")
_PROBLEM = ("line", "name", "column", "given", "reason")


def commands(sheets: Sheets, clock: Clock) -> Verbs:
    """Make the command group ``forms``."""
    group = Verbs("forms", help="The numbered lists of the certificate desk.")
    json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")

    @group.command("list")
    @json_option
    def list_(as_json: bool) -> None:
        """Name the lists and their columns."""
        if as_json:
            click.echo(json.dumps({"forms": [{"name": form.name, "title": form.title, "columns": [
                {"key": column.key, "heading": column.heading, "required": column.required}
                for column in form.columns if column.key]} for form in FORMS.values()]}, ensure_ascii=False))
            return
        for form in FORMS.values():
            click.echo(f"{form.name:24} {form.title}")

    @group.command("blank")
    @click.argument("name", type=click.Choice(sorted(FORMS)))
    @click.option("--output", "-o", required=True, type=click.Path(path_type=Path),
                  help="A .xlsx or .csv file that is not there yet.")
    @json_option
    def blank(name: str, output: Path, as_json: bool) -> None:
        """Write an empty list to fill."""
        _write(sheets, writing.blank(FORMS[name]), FORMS[name].title, output, as_json=as_json)
        click.echo(json.dumps({"written": str(output)}) if as_json else f"Written: {output}")

    @group.command("check")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--form", "name", type=click.Choice(sorted(FORMS)), help="Which list it is; without it, the headings say it.")
    @click.option("--report", type=click.Path(path_type=Path), help="Write what is to be corrected to a .xlsx or .csv file.")
    @json_option
    def check(file: Path, name: str | None, report: Path | None, as_json: bool) -> None:
        """Read a list and say what is wrong with which row; exit status 1 when anything is."""
        try:
            rows = sheets.read(file.read_bytes())
            form = FORMS[name] if name else reading.form_of(rows)
            if form is None:
                raise Refusal("The headings of this file fit none of the lists.", "Name the list with --form; flask forms list.",
                              as_json=as_json)
            found = reading.read(form, rows, clock.moment().astimezone(_ZONE).date())
        except ListError as err:
            raise Refusal(of_list(err), as_json=as_json) from err
        problems = writing.report(form, found.bad)
        if report is not None:
            _write(sheets, problems, "Dòng cần sửa", report, as_json=as_json)
        if as_json:
            click.echo(json.dumps({
                "form": form.name, "good": len(found.good), "bad": len(found.bad), "headers": found.headers,
                "problems": [dict(zip(_PROBLEM, problem, strict=True)) for problem in problems[1:]]}, ensure_ascii=False))
        else:
            click.echo(f"{form.title}: {len(found.good)} dòng tốt, {len(found.bad)} dòng cần sửa")
            for line, name_, column, given, reason in problems[1:]:
                click.echo(f"  dòng {line} ({name_ or '?'}), {column}: {given or '(trống)'}. {reason}")
        if found.bad:
            raise click.exceptions.Exit(1)

    return group


def _write(sheets: Sheets, rows: list[list[str]], title: str, output: Path, *, as_json: bool) -> None:
    if output.suffix not in _SUFFIXES:
        raise click.BadParameter("the file's name ends in .xlsx or .csv", param_hint="file")
    content = sheets.csv(rows) if output.suffix == ".csv" else sheets.xlsx(rows, title)
    try:
        with output.open("xb") as file:
            file.write(content)
    except FileExistsError as err:
        raise Refusal(f"{output} is there already.", "Choose another name.", as_json=as_json) from err
    except OSError as err:
        raise Refusal(f"{output} cannot be written: {err.strerror}.", "Choose another folder.", as_json=as_json) from err
