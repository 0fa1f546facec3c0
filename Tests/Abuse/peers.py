"""Subscribers that never read, subscribers that come and go, and peers that send garbage."""

import random
import socket
import time

import zmq
from report import until
from watched import Daemon, Listeners, memory

READERS, IDLE, JOINS, EVENTS = 150, 50, 1000, 300


def run(programs, folder, report):
    daemon = Daemon(programs, folder, cameras=2, extra="rules: {alerts: {nobody: {when: absent, for: 12h}}}\n").start()
    readers = Listeners(daemon.events, READERS)
    idle = [never_reads(daemon.events) for _ in range(IDLE)]
    until(lambda: all(len(numbers) > 3 for numbers in readers.numbers), 60, "every subscriber gets something", daemon.log)
    until(lambda: readers.of_kind("event"), 120, "an event", daemon.log)
    # From now on every subscriber must get every message.
    first = {topic: max(numbers) + 1 for topic, numbers in readers.numbers[0].items()}
    before = memory(daemon.process)
    joins(daemon, readers, report)
    after_joins = memory(daemon.process)
    garbage(daemon, report)
    events = len(readers.of_kind("event"))
    until(lambda: len(readers.of_kind("event")) > events + EVENTS, 900, f"{EVENTS} events after garbage", daemon.log)
    after = memory(daemon.process)
    status = daemon.stop()
    until(lambda: readers.messages[-1].get("stopping"), 30, "the last heartbeat", daemon.log)
    time.sleep(1)
    readers.end()
    for one in idle:
        one.close()
    last = readers.messages[-1]["topics"]
    wanted = {topic: set(range(first.get(topic, 1), seq + 1)) for topic, seq in last.items()}
    missing = [sum(len(seqs - got.get(topic, set())) for topic, seqs in wanted.items()) for got in readers.numbers]
    events = sum(len(seqs) for topic, seqs in wanted.items() if topic.endswith("/event/"))
    report.say(
        "subscribers",
        f"{READERS} that read, {IDLE} that never read; {sum(map(len, wanted.values()))} messages of {len(wanted)} topics, "
        f"{events} of them events; missed by those that read: {sum(missing)}; "
        f"adld {before:.0f} MiB before, {after_joins:.0f} after the joins, {after:.0f} at the end",
        status and f"adld ended with status {status}",
        sum(missing) and f"{sum(map(bool, missing))} subscribers missed {sum(missing)} messages",
        events == 0 and "there were no events",
        after > before + 64 and f"adld grew by {after - before:.0f} MiB",
    )


def never_reads(endpoint):
    idle = zmq.Context.instance().socket(zmq.SUB)
    idle.setsockopt(zmq.RCVHWM, 1)
    idle.setsockopt(zmq.RCVBUF, 4096)
    idle.setsockopt(zmq.LINGER, 0)
    idle.setsockopt(zmq.SUBSCRIBE, b"adl/1/")
    idle.connect(endpoint)
    return idle


def joins(daemon, readers, report):
    """Each newcomer must get every state."""
    topics = {topic for topic in readers.numbers[0] if topic.endswith("/state/")}
    waits, lacking = [], 0
    for _ in range(JOINS):
        began = time.monotonic()
        with zmq.Context.instance().socket(zmq.SUB) as newcomer:
            newcomer.setsockopt(zmq.LINGER, 0)
            newcomer.setsockopt(zmq.SUBSCRIBE, b"adl/1/")
            newcomer.connect(daemon.events)
            missing = set(topics)
            while missing and newcomer.poll(10_000):
                missing.discard(newcomer.recv_multipart()[0].decode())
        waits.append(time.monotonic() - began)
        lacking += bool(missing)
    waits.sort()
    report.say(
        "joins",
        f"{JOINS} joined and left, {JOINS - lacking} got all {len(topics)} states, "
        f"after {waits[len(waits) // 2] * 1000:.0f} ms in the median and {waits[-1] * 1000:.0f} ms at most",
        lacking and f"{lacking} newcomers lacked a state after 10 s",
        len(topics) < 3 and f"there were {len(topics)} states instead of those of two cameras and the rules",
    )


def garbage(daemon, report, connections=300, messages=3000):
    chance = random.Random(7)
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL".ljust(55, b"\0")
    ready = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB"
    starts = [b"", greeting[:20], greeting, greeting + ready, greeting + ready + b"\x02" + b"\xff" * 8]
    before, hung_up, kept = memory(daemon.process), 0, []
    for number in range(connections):
        for endpoint in (daemon.events, daemon.query):
            raw = socket.socket(socket.AF_UNIX)
            # Without a timeout it waits if too many others wait; with one it would fail.
            raw.connect(endpoint.removeprefix("ipc://"))
            raw.settimeout(2)
            try:
                raw.sendall(starts[number % len(starts)] + chance.randbytes(chance.choice([1, 100, 10_000])))
            except OSError:
                hung_up += 1
            # Some stay connected and send nothing more.
            if number % 10:
                raw.close()
            else:
                kept.append(raw)
    context = zmq.Context.instance()
    unanswered = 0
    with context.socket(zmq.XSUB) as odd, context.socket(zmq.DEALER) as asking:
        for peer, endpoint in ((odd, daemon.events), (asking, daemon.query)):
            peer.setsockopt(zmq.LINGER, 2000)
            peer.setsockopt(zmq.SNDTIMEO, 2000)
            peer.connect(endpoint)
        for number in range(messages):
            text = chance.randbytes(chance.choice([0, 1, 5, 200, 5000]))
            try:
                odd.send_multipart([chance.choice([b"", b"\0", b"\1", b"\2"]) + text] + [b"x"] * (number % 3))
                asking.send_multipart([b""] * (number % 2) + [chance.choice([text, b"{" * 1000, b'{"query":' + text])])
            except zmq.Again:
                unanswered += 1
    answer = daemon.ask({"query": "version"}, 30)
    for raw in kept:
        raw.close()
    report.say(
        "garbage",
        f"{2 * connections} connections and {2 * messages} messages of garbage, {unanswered} not accepted, "
        f"{hung_up} disconnected at once; a query is answered: {answer is not None}; "
        f"adld {before:.0f} MiB before, {memory(daemon.process):.0f} after",
        answer is None and "no answer to a query after it",
        daemon.process.poll() is not None and "adld has ended",
    )
