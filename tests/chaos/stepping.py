"""A server whose clock is set by signals: SIGUSR1 an hour back, SIGUSR2 two days on, SIGHUP right.

It runs what `uvicorn --factory entrypoints.web:create_app` runs, with its own clock.
"""

import argparse
import signal
import time
from datetime import timedelta

import uvicorn

from adapters.system import SystemClock
from entrypoints.container import build_simulation
from entrypoints.settings import Settings
from entrypoints.web import create_app


class SteppingClock(SystemClock):
    """The machine's clock, some hours behind."""

    def __init__(self, hours: int) -> None:
        self.behind = timedelta(hours=hours)
        super().__init__(lambda: time.time_ns() - self.behind // timedelta(microseconds=1) * 1000)

    def step_back(self, *_: object) -> None:
        self.behind += timedelta(hours=1)
        print(f"the clock is {self.behind} behind", flush=True)

    def step_on(self, *_: object) -> None:
        self.behind -= timedelta(days=2)
        print(f"the clock is {-self.behind} ahead", flush=True)

    def set_right(self, *_: object) -> None:
        self.behind = timedelta()
        print("the clock is right", flush=True)


def serve() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--host")
    arguments.add_argument("--port", type=int)
    arguments.add_argument("--behind", type=int, default=0)
    given = arguments.parse_args()
    clock = SteppingClock(given.behind)
    signal.signal(signal.SIGUSR1, clock.step_back)
    signal.signal(signal.SIGUSR2, clock.step_on)
    signal.signal(signal.SIGHUP, clock.set_right)
    app = create_app(container=build_simulation(Settings(), clock))
    uvicorn.run(app, host=given.host, port=given.port, access_log=False)
