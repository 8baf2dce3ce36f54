"""Work that may wait a moment is done once, together and in order."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from idp.bundle import Bundle


def test_items_of_many_threads_are_done_once_and_each_threads_in_order() -> None:
    calls: list[list[tuple[int, int]]] = []
    bundle: Bundle[tuple[int, int]] = Bundle(calls.append, seconds=0.05)

    def hand_in(thread: int) -> None:
        for number in range(500):
            bundle.add((thread, number))

    threads = [threading.Thread(target=hand_in, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end = time.monotonic() + 60
    while sum(map(len, calls)) < 2000 and time.monotonic() < end:
        time.sleep(0.01)
    done = [item for call in calls for item in call]
    assert len(done) == 2000
    assert len(calls) < 500
    for thread in range(4):
        assert [number for who, number in done if who == thread] == list(range(500))


def test_without_a_time_each_item_is_done_at_once() -> None:
    calls: list[list[str]] = []
    bundle: Bundle[str] = Bundle(calls.append, seconds=0)
    bundle.add("a")
    bundle.add("b")
    assert calls == [["a"], ["b"]]


def test_what_waits_is_done_when_somebody_asks_and_at_the_end_of_the_process() -> None:
    calls: list[list[str]] = []
    bundle: Bundle[str] = Bundle(calls.append, seconds=60)
    bundle.add("a")
    bundle.flush()
    bundle.flush()
    assert calls == [["a"]]
    script = "from idp.bundle import Bundle; Bundle(print, seconds=60).add('at the end')"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "['at the end']\n"
