#!/usr/bin/env python3
"""Prints activities as adld recognises them.

    examples/subscriber.py [events endpoint] [query endpoint] [daemon.public own.secret]

Subscribes first and then asks for the current states, so that nothing is missed; repeated messages are recognised by
(epoch, topic, seq). libzmq reconnects automatically.
"""

import json
import sys
from datetime import datetime, timezone

import zmq

EVENTS = sys.argv[1] if len(sys.argv) > 1 else "ipc:///run/adl/events.sock"
QUERY = sys.argv[2] if len(sys.argv) > 2 else "ipc:///run/adl/query.sock"
KEYS = sys.argv[3:5]  # for a daemon on another machine
OLD_SECONDS = 10  # messages older than this are marked as late


def name(activity):
    """The activity; if the model has families, the family with its most probable label."""
    return activity["label"] + (f" ({activity['member']})" if "member" in activity else "")


def key(path):
    """The key in a file made by `adl keys generate`."""
    with open(path) as file:
        return next(line.strip() for line in file if not line.startswith("#")).encode()


def encrypt(socket):
    """Encrypts the socket if there are keys."""
    if KEYS:
        server, own = map(key, KEYS)
        socket.curve_serverkey, socket.curve_secretkey, socket.curve_publickey = server, own, zmq.curve_public(own)
    return socket


class Subscriber:
    def __init__(self, context):
        self.socket = encrypt(context.socket(zmq.SUB))
        self.socket.setsockopt(zmq.SUBSCRIBE, b"adl/1/")
        self.socket.connect(EVENTS)
        self.query = encrypt(context.socket(zmq.REQ))
        self.query.setsockopt(zmq.LINGER, 0)
        self.query.connect(QUERY)
        self.seen = {}
        self.epoch = None

    def is_new(self, topic, message):
        """False for a repeated message; reports what was missed."""
        epoch, seq = message["epoch"], message["seq"]
        if self.epoch not in (None, epoch):
            print("the daemon was restarted")
            self.seen.clear()
        self.epoch = epoch
        last = self.seen.get(topic)
        if last is not None and seq <= last:
            return False
        if last is not None and seq > last + 1:
            print(f"missed {seq - last - 1} messages on {topic}")
        self.seen[topic] = seq
        return True

    def snapshot(self):
        self.query.send_string('{"query":"snapshot"}')
        if not self.query.poll(5000):
            print("no answer from the daemon; is it running?")
            return
        for entry in json.loads(self.query.recv())["messages"]:
            self.take(entry["topic"], entry["message"])

    def take(self, topic, message):
        if not self.is_new(topic, message):
            return
        said = datetime.fromisoformat(message["time"].replace("Z", "+00:00"))
        age = (datetime.now(timezone.utc) - said).total_seconds()
        kind, camera = message["type"], message.get("camera", "")
        person = f"person {message['person']['id']}: " if "person" in message else ""
        if kind == "state":
            def now(state):
                return name(state["activity"]) if "activity" in state else state["state"]
            people = [f"person {state['person']['id']}: {now(state)}" for state in message.get("people", [])]
            print(f"{camera}: now {', '.join(people) or now(message)} ({message['condition']})")
        elif kind == "person.entered":
            print(f"{camera}: {person}came")
        elif kind == "person.left":
            print(f"{camera}: {person}left after {message['duration_s']:.1f} s ({message['reason']})")
        elif kind == "activity.start":
            late = f", said {age:.0f} s ago" if age > OLD_SECONDS else ""
            print(f"{camera}: {person}{name(message['activity'])} since {message['onset']['time']}{late}")
        elif kind == "activity.end":
            print(f"{camera}: {person}{name(message['activity'])} ended after {message['duration_s']:.1f} s "
                  f"({message['end_reason']})")
        elif kind in ("alert.raised", "alert.reminder"):
            print(f"ALERT {message['rule']} ({', '.join(message['cameras'])}): {message.get('message', '')} "
                  f"{message['reason']}, since {message['since']['time']}")
        elif kind == "alert.cleared":
            print(f"alert {message['rule']} cleared after {message['duration_s']:.0f} s ({message['clear_reason']})")
        elif kind == "alerts" and message["alerts"]:
            print("raised now:", ", ".join(alert["rule"] for alert in message["alerts"]))
        elif kind.startswith(("camera.", "finder.")):
            print(f"{camera}: {kind}: {message['reason']}")
        elif kind == "heartbeat" and message["stopping"]:
            print("the daemon is stopping")

    def run(self):
        self.snapshot()
        while True:
            topic, body = self.socket.recv_multipart()
            self.take(topic.decode(), json.loads(body))
            sys.stdout.flush()


try:
    Subscriber(zmq.Context()).run()
except KeyboardInterrupt:
    pass
