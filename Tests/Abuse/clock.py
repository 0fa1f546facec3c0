"""Moves the clock by a day, ahead and back, while adld runs; libfaketime keeps the machine's own clock unchanged."""

import atexit
import ctypes
import glob
import os
import sqlite3
import time
from datetime import datetime, timedelta, timezone

from pathlib import Path

from report import until
from watched import Daemon, Listeners

DAY = 86_400


def run(programs, folder, report):
    library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not library:
        report.skip("clock", "no libfaketime (apt-get install faketime)")
        return
    offset = folder / "offset"
    environment = os.environ | {
        "LD_PRELOAD": library[0],
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_SHARED": shared(),
    }

    def set_clock(seconds):
        (folder / "new").write_text(f"{seconds:+d}\n")
        (folder / "new").rename(offset)

    # Events half a day short of a year old: too old once the clock is a day ahead.
    set_clock(-365 * DAY + DAY // 2)
    daemon = Daemon(programs, folder, history=folder / "history.sqlite", environment=environment)
    listener = Listeners(daemon.start().events)
    until(lambda: len(listener.of_kind("event")) > 4, 120, "events of last year", daemon.log)
    daemon.stop()
    listener.end()
    old = {key(m) for m in listener.of_kind("event")}

    set_clock(0)
    window = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(minutes=2)
    during = f"{window:%H:%M}-{window + timedelta(minutes=1):%H:%M}"
    rules = (
        "rules:\n  timeZone: UTC\n  alerts:\n"
        f'    no-meal: {{when: noActivity, activities: [Uselaptop], during: "{during}"}}\n'
    )
    daemon = Daemon(programs, folder, history=folder / "history.sqlite", extra=rules, environment=environment)
    listener = Listeners(daemon.start().events)
    jumps = 0

    def away_and_back():
        """Sets the clock a day back and a day ahead, for three seconds each."""
        for seconds in (-DAY, 0, DAY, 0):
            set_clock(seconds)
            time.sleep(3)
        return 4

    until(lambda: len(listener.of_kind("event")) > 2, 120, "events", daemon.log)
    jumps += away_and_back()
    until(lambda: datetime.now(timezone.utc) > window + timedelta(seconds=10), 180, "the rule's window", daemon.log)
    jumps += away_and_back()
    until(lambda: datetime.now(timezone.utc) > window + timedelta(seconds=75), 180, "the end of the rule's window", daemon.log)
    jumps += away_and_back()
    # Old events are deleted once a minute.
    set_clock(DAY)
    jumps += 1
    events = len(listener.of_kind("event"))
    time.sleep(70)
    status = daemon.stop()
    time.sleep(1)
    listener.end()
    judge(report, daemon, listener, jumps, old, status, events)


def shared():
    """The semaphore and memory that libfaketime's processes share. libfaketime would create them itself and add them to the
    environment, which moves it, but Swift finds a program's arguments below the environment's original place."""
    semaphore, memory = f"/abuse_semaphore_{os.getpid()}", f"/abuse_memory_{os.getpid()}"
    library = ctypes.CDLL(None)
    library.sem_open.restype = ctypes.c_void_p
    library.sem_open(semaphore.encode(), os.O_CREAT, 0o600, 1)
    Path("/dev/shm" + memory).write_bytes(bytes(4096))
    atexit.register(lambda: (library.sem_unlink(semaphore.encode()), os.unlink("/dev/shm" + memory)))
    return f"{semaphore} {memory}"


def key(message):
    return message["epoch"], message["topic"], message["seq"]


def judge(report, daemon, listener, jumps, old, status, events):
    heard = listener.of_kind("event", "health")
    with sqlite3.connect(daemon.folder / "history.sqlite") as file:
        stored = {tuple(row) for row in file.execute("SELECT epoch, topic, seq FROM message")}
        check = file.execute("PRAGMA integrity_check").fetchone()[0]
    ends = [m for m in heard if m["type"] == "activity.end"]
    torn = [
        m for m in ends if abs((m["offset"]["mono_ns"] - m["onset"]["mono_ns"]) / 1e9 - m["duration_s"]) > 0.01
    ]
    begun = {m["id"] for m in heard if m["type"] == "activity.start"}
    without_end = begun ^ {m["id"] for m in ends}
    disorder = 0
    for topic in {m["topic"] for m in heard}:
        times = [m["mono_ns"] for m in sorted(heard, key=lambda m: m["seq"]) if m["topic"] == topic]
        disorder += sum(later < earlier for earlier, later in zip(times, times[1:]))
    raised = sum(m["type"] == "alert.raised" for m in heard)
    lost = [m for m in heard if key(m) not in stored]
    longest = max((m["duration_s"] for m in ends), default=0)
    report.say(
        "clock",
        f"moved {jumps} times by a day; {len(heard)} messages, {len(ends)} activities, the longest of {longest:.1f} s; "
        f"durations that differ from the monotonic clock: {len(torn)}, out of order: {disorder}, "
        f"without end: {len(without_end)}; alerts of the day's window: {raised}; "
        f"not in the history: {len(lost)}; of {len(old)} events half a day short of a year old, "
        f"deleted: {len(old - stored)}; integrity: {check}",
        status and f"adld ended with status {status}",
        (torn or disorder or without_end) and "durations or order differ from the monotonic clock",
        len(heard) <= events and "events stopped",
        raised != 1 and f"{raised} alerts instead of one",
        lost and "events are missing in the history",
        old - stored and "a clock that was a day ahead deleted history",
        check != "ok" and "the history's file is damaged",
    )
