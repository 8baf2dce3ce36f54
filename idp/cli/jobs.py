"""What ``doctor`` says of imports and exports."""

from __future__ import annotations

from ..services import Services


def health(house: Services) -> tuple[str, str, str]:
    """Give state, finding and remedy."""
    queue, now = house.job_work.queue(), house.clock.now()
    if queue.stuck(now):
        return ("failed", f"{queue.waiting} imports and exports wait, the oldest for {now - (queue.oldest_waiting_at or now)} s.",
                "See that the worker runs; its log says what stands in the way (docs/operations/jobs.md).")
    return "ok", f"{queue.waiting} imports and exports wait, {queue.running} run.", ""
