"""Pictures of the guides under /help/: ``python -m tests.browser.pictures`` writes idp/web/static/help/, in both languages.

A guide names a picture by the sample of tests/pages that it shows, so a page that changes is pictured anew by the same command.
"""

from __future__ import annotations

import base64
import re
import tempfile
from pathlib import Path

from tests.pages.catalogue import ROOT
from tests.pages.render import LANGUAGES, SampleSite

from .chromium import chromium

PICTURES = ROOT / "idp" / "web" / "static" / "help"
SIZE = (720, 450)
NARROW, WIDE = 900, 1100
"""How wide the window is, of the pages on which one thing is asked and of all others."""
QUALITY = 72


def named() -> list[str]:
    """Give the names of the pictures that the guides show."""
    guides = (ROOT / "templates" / "help").glob("*.html")
    return sorted({name for guide in guides for name in re.findall(r'figure\("([\w-]+)"', guide.read_text(encoding="utf-8"))})


def main() -> None:
    """Write every picture, light."""
    site = SampleSite()
    address = site.start()
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as driver:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "light"}, {"name": "prefers-reduced-motion", "value": "reduce"}]})
        for name in named():
            width = NARROW if site.samples[name].template.startswith(("login/", "signing/")) else WIDE
            height = width * SIZE[1] // SIZE[0]
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                   {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
            for lang in LANGUAGES:
                driver.get(f"{address}/{lang}/{name}")
                picture = driver.execute_cdp_cmd("Page.captureScreenshot", {
                    "format": "webp", "quality": QUALITY,
                    "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": SIZE[0] / width}})
                (PICTURES / f"{name}.{lang}.webp").write_bytes(base64.b64decode(picture["data"]))
    site.stop()


if __name__ == "__main__":
    main()
