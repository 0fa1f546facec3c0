"""What a step says, and how things are waited for."""

import time


class Report:
    def __init__(self):
        self.has_failed = False

    def say(self, name, figures, *failures):
        """One line of figures, and one for each text in `failures` that is not empty."""
        print(f"{name}: {figures}", flush=True)
        for failure in filter(None, failures):
            self.has_failed = True
            print(f"FAIL {name}: {failure}", flush=True)

    def skip(self, name, reason):
        print(f"skip {name}: {reason}", flush=True)


def until(condition, seconds, what, log=None):
    """The first true value of `condition`; ends the run when there is none in time, with the end of a log."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    tail = log.read_text()[-3000:] if log else ""
    raise SystemExit(f"FAIL: {what}: not within {seconds} s\n{tail}")
