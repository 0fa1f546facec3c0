"""Prints the results of a step, and waits for conditions."""

import time


class Report:
    def __init__(self):
        self.has_failed = False

    def say(self, name, figures, *failures):
        """Prints a line of figures, and a line for each non-empty text in `failures`."""
        print(f"{name}: {figures}", flush=True)
        for failure in filter(None, failures):
            self.has_failed = True
            print(f"FAIL {name}: {failure}", flush=True)

    def skip(self, name, reason):
        print(f"skip {name}: {reason}", flush=True)


def until(condition, seconds, what, log=None):
    """Returns the first true value of `condition`; ends the run with the last lines of `log` if there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    tail = log.read_text()[-3000:] if log else ""
    raise SystemExit(f"FAIL: {what}: not within {seconds} s\n{tail}")
