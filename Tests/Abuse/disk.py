"""A history on a disk that fills up, and on a file system that becomes read-only; later both can be written again."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from report import until
from watched import Daemon, Listeners, memory

# No journal, because an aborted journal cannot be written again. On so small a file system, blocks are smaller than pages.
EXT4 = ["mke2fs", "-q", "-t", "ext4", "-b", "1024", "-O", "^has_journal", "-m", "0", "-F"]
BTRFS = ["mkfs.btrfs", "-q"]


def run(programs, folder, report):
    if os.geteuid() != 0 or not shutil.which("mke2fs"):
        report.skip("disk", "mounts need root, and mke2fs (apt-get install e2fsprogs)")
        return
    for name, make, megabytes, break_it, mend_it in (
        ("full disk", EXT4, 8, fill, empty),
        ("full btrfs", BTRFS, 200, fill, empty),
        ("read-only disk", EXT4, 8, make_read_only, make_writable),
    ):
        place = folder / name.replace(" ", "-")
        place.mkdir()
        if not shutil.which(make[0]):
            report.skip(name, f"no {make[0]} (apt-get install btrfs-progs)")
            continue
        try:
            mount(place, make, megabytes)
        except subprocess.CalledProcessError as error:
            report.skip(name, f"cannot create a file system: {error.stderr.strip()}")
            continue
        try:
            abuse(programs, place, report, name, break_it, mend_it)
        finally:
            subprocess.run(["umount", "--lazy", place / "disk"], check=False)


def abuse(programs, place, report, name, break_it, mend_it):
    history = place / "disk" / "history.sqlite"
    daemon = Daemon(programs, place, history=history)
    # `stored` reads the history from here.
    (place / "history.sqlite").symlink_to(history)
    listener = Listeners(daemon.start().events)
    until(lambda: listener.of_kind("event"), 120, "an event", daemon.log)
    reason = break_it(place)
    if reason:
        daemon.stop()
        listener.end()
        report.skip(name, reason)
        return
    before, heard = memory(daemon.process), len(listener.of_kind("event"))
    until(lambda: daemon.logged("cannot write the history"), 120, "adld logs that it cannot write the history", daemon.log)
    time.sleep(45)
    meanwhile = len(listener.of_kind("event")) - heard
    mend_it(place)
    until(lambda: daemon.logged("writing the history to"), 60, "adld logs that it writes the history again", daemon.log)
    after = memory(daemon.process)
    status = daemon.stop()
    time.sleep(1)
    listener.end()
    received = listener.of_kind("event", "health")
    stored = {(m["epoch"], m["topic"], m["seq"]) for m in daemon.stored()}
    missing = [m for m in received if (m["epoch"], m["topic"], m["seq"]) not in stored]
    last = listener.messages[-1]["topics"]
    gaps = sum(
        seq - len(listener.numbers[0].get(topic, ())) for topic, seq in last.items() if topic.endswith("/event/")
    )
    check = subprocess.run(
        ["sqlite3", history, "PRAGMA integrity_check"], capture_output=True, text=True, check=False
    ).stdout.strip()
    said = len(daemon.logged("cannot write the history")), len(daemon.logged("writing the history to"))
    report.say(
        name,
        f"{len(received)} messages received, {meanwhile} of them events during the failure, not received: {gaps}; "
        f"failure logged {said[0]} times, its end {said[1]} times; not stored at the end: {len(missing)}; "
        f"adld {before:.0f} MiB before, {after:.0f} after; integrity: {check}",
        status and f"adld ended with status {status}",
        gaps and "events did not arrive",
        meanwhile == 0 and "there were no events during the failure",
        said != (1, 1) and "the failure or its end was not logged exactly once",
        missing and "messages are missing in the history",
        check != "ok" and "the history's file is damaged",
    )


def mount(place, make, megabytes):
    """Creates a file system in a file and mounts it."""
    image, disk = place / "image", place / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    options = "loop,errors=remount-ro" if make is EXT4 else "loop"
    for command in ([*make, image], ["mount", "-o", options, image, disk]):
        subprocess.run(command, check=True, capture_output=True, text=True)


def fill(place):
    with (place / "disk" / "filler").open("wb", buffering=0) as file:
        for size in (65_536, 512):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def empty(place):
    (place / "disk" / "filler").unlink()


def make_read_only(place):
    """Acts like a disk error, because the kernel refuses an ordinary remount while a file is open for writing."""
    disk = place / "disk"
    if subprocess.run(["mount", "-o", "remount,ro", disk], check=False, capture_output=True).returncode == 0:
        return None
    device = Path(subprocess.check_output(["findmnt", "-no", "SOURCE", disk], text=True).strip()).name
    switch = Path(f"/sys/fs/ext4/{device}/trigger_fs_error")
    if not switch.exists():
        return "the kernel has no trigger_fs_error"
    switch.write_text("1")
    try:
        (disk / "probe").touch()
    except OSError:
        return None
    return "the file system did not become read-only"


def make_writable(place):
    """Remounts it writable or, if the kernel refuses that after an error, mounts a checked copy in its place."""
    image, disk, copy = place / "image", place / "disk", place / "copy"
    if subprocess.run(["mount", "-o", "remount,rw", disk], check=False, capture_output=True).returncode == 0:
        return
    subprocess.run(["umount", "--lazy", disk], check=True)
    shutil.copyfile(image, copy)
    subprocess.run(["e2fsck", "-fy", copy], check=False, capture_output=True)
    subprocess.run(["mount", "-o", "loop", copy, disk], check=True)
