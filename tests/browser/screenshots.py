"""Pictures for the README from the samples: ``python -m tests.browser.screenshots`` writes docs/images/."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from tests.pages.render import SampleSite

from .chromium import chromium

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def main() -> None:
    """Write sign-in.png and portal.png, 1280 px wide, Vietnamese, light."""
    site = SampleSite()
    address = site.start()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as driver:
        for name, height in (("sign-in", 800), ("portal", 560)):
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                   {"width": 1280, "height": height, "deviceScaleFactor": 1, "mobile": False})
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
                {"name": "prefers-color-scheme", "value": "light"}, {"name": "prefers-reduced-motion", "value": "reduce"}]})
            driver.get(f"{address}/vi/{name}")
            picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
            (IMAGES / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))
    site.stop()


if __name__ == "__main__":
    main()
