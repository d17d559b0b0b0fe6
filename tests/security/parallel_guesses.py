"""One of several web processes at which somebody guesses one person's second factor; prints how many were judged.

A program and not a test: processes are what it is about. `prepare` makes the database; `guess` says `ready`, waits
for a line, and then guesses from many threads, each with the password and a session of its own.
"""

import sys
import threading
from typing import Any, Final

import django

django.setup()

from allauth.mfa import signals  # noqa: E402
from allauth.mfa.totp.internal import auth as totp  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from tests.personas import PASSWORD, make_world  # noqa: E402

# The seed is known, so that each guess is known to be wrong whatever the time.
SEED: Final = "JBSWY3DPEHPK3PXP"
THREADS, GUESSES = 4, 5
WAIT_S: Final = 60


def prepare() -> None:
    call_command("migrate", verbosity=0)
    totp.TOTP.activate(make_world()["owner"].user, SEED)  # type: ignore[arg-type]


def guess() -> None:
    judged: list[Any] = []
    signals.authentication_failed.connect(lambda **told: judged.append(told["user"]), weak=False)
    people = [Client() for _ in range(THREADS)]
    for person in people:
        answer = person.post("/accounts/login/", {"login": "owner@comune.example", "password": PASSWORD})
        assert answer["Location"].startswith("/accounts/2fa/authenticate/"), answer
    print("ready", flush=True)  # noqa: T201 - the answer of a program
    sys.stdin.readline()
    threads = [threading.Thread(target=_try_codes, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=WAIT_S)
    print(len(judged))  # noqa: T201


def _try_codes(person: Client) -> None:
    try:
        for _ in range(GUESSES):
            answer = person.post("/accounts/2fa/authenticate/", {"code": "no such code"})
            assert answer.status_code == 200, answer
    finally:
        connections.close_all()


if __name__ == "__main__":
    setup_test_environment()
    {"prepare": prepare, "guess": guess}[sys.argv[1]]()
