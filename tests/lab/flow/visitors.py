"""People and programs that go on with what they do while something under the portal is broken.

Each act is tried again until it is acknowledged, as a person or a good client would; what was acknowledged is kept,
to be looked for afterwards. Whoever is told 503 must be told when to come again.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests

from tenants.models import LocalAuthority
from tests.lab.flow.town import TERMS, Town
from tests.lab.workers import LivePortal
from tests.personas import details
from tests.tenants.registering import typed

# Between two tries of one act, and between two acts of one person.
PACE_S, TURN_S = 0.05, 0.2
API = "/rest/elaastic/v1"
PAGES = ("/", "/accounts/login/", "/trail/")
LISTS = (f"{API}/subscriptions/", f"{API}/me/", f"{API}/levels/")
ASKING, CHANGING, WITHDRAWING = f"POST {API}/subscriptions/", f"PATCH {API}/subscriptions/…", "POST …/withdraw/"
REGISTERING, INTRODUCING, PROVING = f"POST {API}/authorities/", "POST /register/", "POST …/proof/"
# Each is done by somebody all the time; a page that is left after a POST has done it.
ACTS = (ASKING, CHANGING, WITHDRAWING, REGISTERING, INTRODUCING, PROVING)


@dataclass
class Answers:
    """What came back, by address: statuses, and whether each 503 said when to come again."""

    told: dict[str, Counter[int]] = field(default_factory=dict)
    mute: list[str] = field(default_factory=list)
    unlucky: set[str] = field(default_factory=set)  # threads that were told 503
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, where: str, answer: requests.Response) -> int:
        with self.lock:
            self.told.setdefault(where, Counter())[answer.status_code] += 1
            if answer.status_code == 503:
                self.unlucky.add(threading.current_thread().name)
                if int(answer.headers.get("Retry-After", "0")) < 1:
                    self.mute.append(where)
        return answer.status_code


@dataclass
class Visitors:
    """A supplier's program, a town's program and technician, bodies that introduce themselves: all at once."""

    portal: LivePortal
    program: str  # the supplier's token
    town: Town  # has level 1
    town_program: str  # its token
    technician: requests.Session  # signed in for the town
    serials: Iterator[int]
    answers: Answers = field(default_factory=Answers)
    asked: list[int] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    introduced: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    tests: int = 0
    breaking: threading.Event = field(default_factory=threading.Event)  # told by the test
    over: threading.Event = field(default_factory=threading.Event)
    names: set[str] = field(default_factory=set)

    def acknowledged(self) -> dict[str, int]:
        """How often each act was answered with yes."""
        numbers = (self.asked, self.changes, self.withdrawn, self.registered, self.introduced)
        return dict(zip(ACTS, [*(len(found) for found in numbers), self.tests], strict=True))

    @contextmanager
    def at_it(self, towns: list[LocalAuthority]) -> Iterator[None]:
        """Until the end of the block; an act that fails in an unforeseen way fails the test."""
        with bearer(self.program) as program, bearer(self.town_program) as town, bearer(self.program) as reader:
            turns: dict[str, Callable[[], None]] = {
                "asks": self._asks(program, towns),
                "reads lists": lambda: self._reads(reader, LISTS),
                "reads pages": lambda: self._reads(self.technician, PAGES),
                "registers": lambda: self._registers(program),
                "introduces": self._introduces,
                "changes": lambda: self._changes(town),
                "proves": self._proves,
            }
            failures: list[BaseException] = []
            threads = [
                threading.Thread(target=self._round, args=[turn, failures], name=name)
                for name, turn in turns.items()
            ]
            self.names = set(turns)
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                self.over.set()
                for thread in threads:
                    thread.join()
            assert not failures, failures

    def all_met_it(self) -> bool:
        """Each of them was told to come again."""
        return self.answers.unlucky == self.names

    def _round(self, turn: Callable[[], None], failures: list[BaseException]) -> None:
        try:
            while not self.over.is_set():
                turn()
                self.over.wait(TURN_S)
        except Exception as failed:
            failures.append(failed)

    def _until(self, where: str, call: Callable[[], requests.Response], *well: int) -> requests.Response | None:
        """Again and again until it is answered with one of `well`; None when it is over before."""
        while not self.over.is_set():
            answer = call()
            if self.answers.note(where, answer) in well:
                return answer
            assert answer.status_code == 503, f"{where}: {answer.status_code} {answer.text[:500]}"
            self.over.wait(PACE_S)
        return None

    def _post(self, client: requests.Session, path: str, body: Any, key: str) -> Callable[[], requests.Response]:
        """The same call under the same key, as the API's contract wants a repetition."""
        url, headers = f"{self.portal.url}{API}{path}", {"Idempotency-Key": key}
        return lambda: client.post(url, json=body, headers=headers, timeout=30)

    # -- what each does in one turn ----------------------------------------------------------------------------

    def _asks(self, program: requests.Session, towns: list[LocalAuthority]) -> Callable[[], None]:
        left = iter(towns)

        def turn() -> None:
            if (town := next(left, None)) is None:
                return self._reads(program, LISTS[:1])
            body = {"authority": str(town.public_id), "level": 1, "terms": dict(TERMS)}
            if self._until(ASKING, self._post(program, "/subscriptions/", body, f"ask-{town.public_id}"), 202):
                self.asked.append(town.pk)
            return None

        return turn

    def _reads(self, client: requests.Session, paths: tuple[str, ...]) -> None:
        for path in paths:
            answer = client.get(f"{self.portal.url}{path}", timeout=30, allow_redirects=False)
            self.answers.note(path, answer)

    def _registers(self, program: requests.Session) -> None:
        one = details(next(self.serials))
        names = ("name", "kind", "ipa_code", "fiscal_code", "istat_code", "province", "pec")
        body = {name: getattr(one, name) for name in names}
        if self._until(REGISTERING, self._post(program, "/authorities/", body, f"register-{one.ipa_code}"), 201):
            self.registered.append(one.ipa_code)

    def _introduces(self) -> None:
        """At the public form, not signed in: one, when it breaks (five an hour are taken from one address)."""
        if self.introduced or not self.breaking.wait(PACE_S):
            return
        serial = next(self.serials)
        with alone() as visitor:
            form = f"{self.portal.url}/register/"
            if self._until("/register/", lambda: visitor.get(form, timeout=30), 200) is None:
                return
            said = typed(serial, pec=details(serial).pec) | {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
            sent = lambda: visitor.post(form, data=said, timeout=30, allow_redirects=False)  # noqa: E731
            if self._until(INTRODUCING, sent, 302):
                self.introduced.append(said["ipa_code"])

    def _changes(self, program: requests.Session) -> None:
        """Asked for and taken back. A PATCH has no key: what was taken without being acknowledged is 409 then."""
        path = f"/subscriptions/{self.town.subscription.public_id}/"
        url = f"{self.portal.url}{API}{path}"
        body = {"terms": self.town.subscription.terms | {"quota_gib": 5}}
        answer = self._until(CHANGING, lambda: program.patch(url, json=body, timeout=30), 202, 409)
        if answer is None:
            return
        if answer.status_code == 202:
            request = str(answer.json()["id"])
            self.changes.append(request)
        else:
            seen = self._until(f"GET {API}/subscriptions/…", lambda: program.get(url, timeout=30), 200)
            if seen is None or not seen.json()["request"]:
                return
            request = str(seen.json()["request"])
        back = self._post(program, f"/requests/{request}/withdraw/", {}, f"withdraw-{request}")
        if self._until(WITHDRAWING, back, 200):
            self.withdrawn.append(request)

    def _proves(self) -> None:
        """A restore test, begun and given up on the page; one that is open already is 409."""
        form = f"{self.portal.url}/subscriptions/{self.town.subscription.public_id}/proof/"
        said = {"archive": self.town.bucket, "tool": "restic"}
        begun = self._until(PROVING, lambda: self._sent(form, said), 302, 409)
        if begun is not None and begun.status_code == 302:
            self.tests += 1
        self._until("POST …/proof/stop/", lambda: self._sent(f"{form}stop/", {}), 302)

    def _sent(self, url: str, said: dict[str, str]) -> requests.Response:
        told = said | {"csrfmiddlewaretoken": self.technician.cookies["csrftoken"]}
        return self.technician.post(url, data=told, timeout=30, allow_redirects=False)


def alone() -> requests.Session:
    """Nobody in particular."""
    client = requests.Session()
    client.trust_env = False
    return client


def bearer(secret: str) -> requests.Session:
    """A program with its token."""
    client = alone()
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def signed_in(url: str, email: str, password: str) -> requests.Session:
    """At the form."""
    client = alone()
    form = f"{url}/accounts/login/"
    client.get(form, timeout=30)
    token = client.cookies["csrftoken"]
    said = {"login": email, "password": password, "csrfmiddlewaretoken": token}
    answer = client.post(form, data=said, timeout=30, allow_redirects=False)
    assert answer.status_code == 302, answer.text[:2000]
    return client


def serials(first: int) -> Iterator[int]:
    """Of bodies that nobody has seen yet."""
    return count(first)
