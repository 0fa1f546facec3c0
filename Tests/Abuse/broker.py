"""An MQTT broker that is down for a minute and comes back without its retained messages."""

import shutil
import socket
import subprocess
import time

from report import until
from watched import Daemon, memory

AWAY = 60


def run(programs, folder, report):
    for program, package in (("mosquitto", "mosquitto"), ("mosquitto_sub", "mosquitto-clients")):
        if not shutil.which(program, path="/usr/bin:/usr/sbin"):
            report.skip("broker", f"no {program} (apt-get install {package})")
            return
    if not (programs / "adl-mqtt").exists():
        report.skip("broker", f"no {programs}/adl-mqtt")
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\npersistence false\nallow_anonymous true\nuser root\n"
    )
    daemon = Daemon(programs, folder, cameras=2).start()
    (folder / "adl-mqtt.yaml").write_text(
        f"broker: {{host: 127.0.0.1, port: {port}, queue: 100}}\n"
        f'adl: {{endpoint: "{daemon.events}", query: "{daemon.query}", heartbeat: 0.5}}\n'
    )
    log = (folder / "adl-mqtt.log").open("w")
    broker = start_broker(folder)
    bridge = subprocess.Popen([programs / "adl-mqtt", "--config", folder / "adl-mqtt.yaml"], stderr=log)
    try:
        # All topics exist once everybody has come and gone.
        topics = set(settled(port))
        before = memory(bridge)
        broker.kill()
        broker.wait()
        time.sleep(AWAY)
        broker = start_broker(folder)
        began = time.monotonic()
        missing, is_current = topics, False
        while (missing or not is_current) and time.monotonic() - began < 90:
            found = retained(port)
            missing, is_current = topics - set(found), presence(found) == people(daemon)
        back = time.monotonic() - began
        after = memory(bridge)
        alive = bridge.poll() is None
    finally:
        for process in (bridge, broker):
            process.terminate()
            process.wait(30)
        daemon.stop()
    lines = len((folder / "adl-mqtt.log").read_text().splitlines())
    report.say(
        "broker",
        f"away for {AWAY} s; {len(topics)} retained topics before, all there again after {back:.0f} s: {not missing}, "
        f"same as adld's state: {is_current}; "
        f"adl-mqtt {before:.0f} MiB before, {after:.0f} after, {lines} lines in its log",
        missing and f"{len(missing)} retained topics did not come back, such as {min(missing)}",
        not is_current and "the broker's presence topics differ from adld's state",
        not alive and "adl-mqtt ended",
        after > before + 32 and f"adl-mqtt grew by {after - before:.0f} MiB",
    )


def start_broker(folder):
    path = shutil.which("mosquitto", path="/usr/bin:/usr/sbin")
    return subprocess.Popen([path, "-c", folder / "mosquitto.conf"], stderr=subprocess.DEVNULL)


def retained(port):
    """Retained messages by topic."""
    found = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", "#", "--retained-only", "-F", "%t\t%p", "-W", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(line.split("\t", 1) for line in found.stdout.splitlines() if "\t" in line)


def presence(found):
    """The cameras that see somebody, according to the broker."""
    return {topic.split("/")[-2] for topic, text in found.items() if topic.endswith("/presence") and text == "ON"}


def people(daemon):
    """The cameras that see somebody, according to adld."""
    states = [entry["message"] for entry in daemon.ask({"query": "snapshot"})["messages"]]
    return {state["camera"] for state in states if state.get("people")}


def settled(port):
    """Retained messages, once there are states and no new ones have arrived for ten seconds."""
    topics, since = set(), time.monotonic()

    def look():
        nonlocal topics, since
        now = set(retained(port))
        if not now <= topics:
            topics, since = topics | now, time.monotonic()
        return topics and time.monotonic() - since > 10 and any(t.endswith("/state") for t in topics)

    until(look, 120, "retained topics")
    return retained(port)
