"""An adld that watches rendered people, and its subscribers."""

import atexit
import json
import re
import signal
import subprocess
import threading
from pathlib import Path

import zmq
from report import until

MODEL = Path(__file__).resolve().parents[2] / "Models" / "people.safetensors"
ENVELOPE = re.compile(rb'"seq":(\d+)')


def memory(process):
    """Resident memory of a process, in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+)", status)[1]) / 1024


class Daemon:
    """adld watching rendered people who walk in and out of sight, so that activities keep starting and ending."""

    def __init__(self, programs, folder, cameras=1, history="", extra="", environment=None):
        self.programs, self.folder, self.environment = programs, folder, environment
        self.events, self.query = f"ipc://{folder}/events", f"ipc://{folder}/query"
        self.log = folder / "adld.log"
        sources = "".join(
            f'  - {{name: room{n}, source: "synthetic:{n + 3}?activities=Walk&length=3600&rate=15&size=128x96"}}\n'
            for n in range(cameras)
        )
        (folder / "adld.yaml").write_text(
            f"""node: test
model: {{path: {MODEL}, threads: 1}}
cameras:
{sources}people: {{mode: people, finder: motion, lossSeconds: 0.5}}
recognition: {{onHold: 1, offHold: 1, on: 0.2, off: 0.1, margin: 0, maximumDuration: 1}}
events: {{endpoint: "{self.events}", query: "{self.query}", heartbeat: 0.5}}
history: {{path: "{history}"}}
{extra}"""
        )

    def start(self):
        self.process = subprocess.Popen(
            [self.programs / "adld", "--config", self.folder / "adld.yaml"],
            stderr=self.log.open("a"),
            stdout=subprocess.DEVNULL,
            env=self.environment,
        )
        atexit.register(self.process.kill)
        until(lambda: self.process.poll() is not None or self.ask({"query": "version"}, 1), 60, "adld starts")
        if self.process.poll() is not None:
            raise SystemExit(f"FAIL: adld does not start:\n{self.log.read_text()}")
        return self

    def stop(self):
        """Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def logged(self, text):
        """The lines of the log that contain `text`."""
        return [line for line in self.log.read_text().splitlines() if text in line]

    def ask(self, query, seconds=10):
        """The answer to a query, or None."""
        with zmq.Context.instance().socket(zmq.REQ) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(self.query)
            socket.send_json(query)
            return json.loads(socket.recv()) if socket.poll(seconds * 1000) else None

    def stored(self):
        """The messages in the history's file."""
        found = subprocess.run(
            [self.programs / "adl", "history", "--database", self.folder / "history.sqlite", "--since", "3d", "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        lines = (json.loads(line) for line in found.stdout.splitlines())
        return [line["message"] | {"topic": line["topic"]} for line in lines if "message" in line]


class Listeners(threading.Thread):
    """`count` subscribers to everything; keeps each one's sequence numbers, and the first one's messages as received."""

    def __init__(self, endpoint, count=1):
        super().__init__(daemon=True)
        context = zmq.Context.instance()
        self.sockets = []
        self.numbers = [{} for _ in range(count)]  # topic to the set of seq
        self.messages = []
        self.is_over = False
        for _ in range(count):
            socket = context.socket(zmq.SUB)
            socket.setsockopt(zmq.RCVHWM, 0)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.SUBSCRIBE, b"adl/1/")
            socket.connect(endpoint)
            self.sockets.append(socket)
        self.start()

    def run(self):
        poller = zmq.Poller()
        index = {socket: number for number, socket in enumerate(self.sockets)}
        for socket in self.sockets:
            poller.register(socket, zmq.POLLIN)
        while not self.is_over:
            for socket, _ in poller.poll(100):
                for _ in range(100):
                    try:
                        topic, body = socket.recv_multipart(zmq.NOBLOCK)
                    except zmq.Again:
                        break
                    number = index[socket]
                    found = ENVELOPE.search(body)
                    if found:
                        self.numbers[number].setdefault(topic.decode(), set()).add(int(found[1]))
                    if number == 0:
                        self.messages.append(json.loads(body) | {"topic": topic.decode()})

    def end(self):
        self.is_over = True
        self.join()
        for socket in self.sockets:
            socket.close()

    def of_kind(self, *kinds):
        """The first subscriber's messages of these kinds, without duplicates."""
        found = {}
        for message in list(self.messages):
            if message["topic"].split("/")[-2] in kinds:
                found[message["epoch"], message["topic"], message["seq"]] = message
        return list(found.values())
