"""The catalogue of events is what is emitted and what is documented."""

from __future__ import annotations

from pathlib import Path

from idp.audit import AuditEvent

ROOT = Path(__file__).parents[2]


def test_every_event_is_emitted_somewhere_and_documented() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "idp").rglob("*.py"))
    page = (ROOT / "docs/operations/audit.md").read_text(encoding="utf-8")
    for event in AuditEvent:
        assert f"AuditEvent.{event.name}" in code, event
        assert f"`{event.value}`" in page, event
        assert len(event.value) <= 32
