"""T13b: what belongs to another authority is in no answer: lists, filters, searches, exports, counts, errors, tags.

Two towns have something of everything, each with its canary in every text. Addresses are found by walking the
portal's own; a new one of a list is walked by itself, and fails until a town's canary is met on it.
"""

import io
import re
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from provisioning.services.clock import now
from tenants.models import Registration
from tests.elaastic.prices import publish
from tests.elaastic.region import MemoryProvider, region
from tests.elaastic.views.pages import Pages
from tests.personas import World
from tests.scene.addresses import PARAMETER, PUBLIC_IDS, THINGS, Address, addresses
from tests.scene.stored import everything_stored
from tests.scene.town import Furnished, furnish

__all__ = ["region"]

HOME, FOREIGN = "canarino-nostro", "canarino-altrui"
# Who sees the most, by session and by token: they try every filter; the others every address.
MOST = ("owner", "narrowed_token")
# What is typed into a search: the beginning of both, so that a page that repeats it does not fail.
SEARCHED = "canarino"
INSIDERS = ("owner", "viewer", "scoped_token", "narrowed_token", "nobody", "anonymous")
# What a page may be asked; what it does not know it leaves alone.
PAGE_QUERIES = (
    "", "format=csv", f"q={SEARCHED}", f"words={SEARCHED}", f"authority={SEARCHED}", "state=all",
    "state=all&format=csv", "state=applied&format=csv", "show=all&format=csv", "page=1",
    f"words={SEARCHED}&format=csv",
)  # fmt: skip
# Shown to somebody, and no canary of a town can be met there; why.
NO_CANARY = {
    **dict.fromkeys(
        ("capacity/", "platforms/", "console/platforms/<slug:platform>/accept/", "api capacity/", "api platforms/"),
        "Sites and figures of the region.",
    ),
    **dict.fromkeys(("api levels/", "api levels/<int:number>/"), "What is offered to everybody."),
    **dict.fromkeys(("healthz", "api status", "api schema/", "api docs/"), "About the portal."),
    "onboarding/": "A form for a file.",
    "people/": "The region's own people; a town's are at an address of the town.",
    "subscriptions/<uuid:public_id>/proof/file/": "Words made up by the portal.",
    "api operations/<uuid:public_id>/proof-file/": "Words made up by the portal.",
    "api orphans/": "What belongs to nobody.",
    "api recovery-plans/": "No town of the scene has machines, hence none a plan; test_api_recovery_plans asks.",
    "api requests/<uuid:public_id>/plan/": "The request is about the space; the plan of archives has their names.",
    "api subscriptions/<uuid:public_id>/credentials/": "Names of keys, the same in every town.",
    "api subscriptions/<uuid:public_id>/usage/": "Times and figures.",
}
# Whose link it is that has the address: it is the secret, and no login stands before it.
BY_LINK = "register/"


@pytest.fixture
def pages(world: World, region: MemoryProvider, settings: Any) -> Pages:
    settings.API_CALLS_PER_MINUTE_CALLER = settings.API_CALLS_PER_MINUTE_ANONYMOUS = 1_000_000
    publish(world)
    return Pages(world)


@pytest.fixture
def home(pages: Pages) -> Furnished:
    return furnish(pages.world, owner="owner", authority=pages.world.home, canary=HOME, serial=200)


@pytest.fixture
def foreign(pages: Pages, home: Furnished) -> Furnished:
    made = furnish(pages.world, owner="stranger", authority=pages.world.other, canary=FOREIGN, serial=300)
    Registration.objects.update(state="to_check", pec_proven_at=now())
    return made


def _get(pages: Pages, who: str, address: Address, path: str) -> Any:
    return _call(pages, who, "GET", address, path)


def _call(pages: Pages, who: str, method: str, address: Address, path: str) -> Any:
    """None: a token opens no page."""
    by_token = bool(pages.world[who].secret)
    if by_token and not address.is_api:
        return None
    client = pages.world[who].client() if by_token else pages.client(who)
    return client.generic(method, path, *(("{}", "application/json") if address.is_api and method != "GET" else ()))


READABLE = [a for a in addresses() if not a.is_api or "GET" in a.methods]


def _queries(address: Address, town: Furnished) -> Iterator[str]:
    """Everything that can be asked of an address, by what is another town's."""
    if not address.is_api:
        yield from ("",) if address.of_a_thing else PAGE_QUERIES
        return
    foreign = {
        "authority": town.authority.public_id, "ipa_code": town.authority.ipa_code, "external_ref": town.canary,
        "subscription": town.subscription.public_id, "archive": town.canary, "q": SEARCHED, "limit": 200,
    }  # fmt: skip
    yield ""
    for name in sorted(address.parameters - {"cursor", "wait", "tool", "state", "sort"}):
        yield f"{name}={foreign.get(name, SEARCHED)}"


def test_a_foreign_canary_is_in_no_answer(pages: Pages, home: Furnished, foreign: Furnished) -> None:
    for address in READABLE:
        for query in _queries(address, foreign):
            path = f"{address.of(home)}?{query}"
            for who in INSIDERS if not query else MOST:
                answer = _get(pages, who, address, path)
                if answer is not None:
                    _is_clean(answer, foreign, f"{who} GET {path}", query)


def _is_clean(answer: Any, town: Furnished, where: str, query: str = "") -> None:
    """Neither the canary nor any id or code of the town stands in the answer; what was asked may be repeated."""
    told = _told(answer)
    for part in filter(None, query.split("&")):
        told = told.replace(part, "").replace(part.partition("=")[2], "")
    found = [name for name, mark in _marks(town).items() if mark in told]
    assert found == [], f"{where}: {found}"


def _told(answer: Any) -> str:
    """Headers too: a link, a tag, a file's name."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer["Content-Type"] == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as bundle:
            body = b"".join(bundle.read(name) for name in bundle.namelist())
    return "\n".join(f"{name}: {value}" for name, value in answer.headers.items()) + body.decode()


def _marks(town: Furnished) -> dict[str, str]:
    things = {
        name: getattr(town, name).public_id
        for name in (
            "authority", "subscription", "request", "invitation", "mandate", "token", "way_in", "program", "proof",
        )
    }  # fmt: skip
    codes = {"ipa code": town.authority.ipa_code, "fiscal code": town.authority.fiscal_code}
    return {"canary": town.canary, "stack": town.subscription.stack_key, **codes} | {
        n: str(i) for n, i in things.items()
    }


def _same(answer: Any, named: str) -> tuple[int, str]:
    return answer.status_code, _lasting(_told(answer)).replace(named, "<name>")


def test_each_canary_is_met_where_it_belongs(pages: Pages, foreign: Furnished) -> None:
    """A list on which nobody meets it has no leak because it is empty."""
    unmet = {str(a) for a in READABLE if _is_met(pages, a, foreign) is False}
    assert sorted(unmet ^ set(NO_CANARY)) == [], "a canary is to be met there, or a reason to be given"


def _is_met(pages: Pages, address: Address, town: Furnished) -> bool | None:
    """None: nothing is ever shown there."""
    shown = None
    for who in ("stranger", "administrator"):
        for query in _queries(address, town):
            answer = _get(pages, who, address, f"{address.of(town)}?{query}")
            if answer.status_code != 200:
                continue
            shown = False
            if town.canary in _told(answer):
                return True
    return shown


# What towns share, and therefore see move.
SHARED = {
    **dict.fromkeys(
        ("requests/<uuid:public_id>/", "requests/<uuid:public_id>/live/", "api requests/<uuid:public_id>/plan/"),
        "The room that is left at each site: the plan is the same for the town and for the approver.",
    ),
    "authorities/<uuid:public_id>/mandates/new/": "Who works for others is named to every town.",
}


def test_what_one_town_is_shown_does_not_depend_on_another(pages: Pages, home: Furnished) -> None:
    """Counts, orders, tags and links are the same before and after another town has something of everything."""
    _everything_shown(pages, home)  # a token says when it was last used, and on what day
    before = _everything_shown(pages, home)
    furnish(pages.world, owner="stranger", authority=pages.world.other, canary=FOREIGN, serial=300)
    after = _everything_shown(pages, home)
    moved = {where for who, where in before if before[who, where] != after[who, where]}
    assert sorted(moved ^ set(SHARED)) == []


def _everything_shown(pages: Pages, town: Furnished) -> dict[tuple[str, str], Any]:
    shown = {}
    for who in ("owner", "viewer", "narrowed_token", "nobody"):
        for address in READABLE:
            answer = _get(pages, who, address, address.of(town))
            if answer is not None:
                shown[who, str(address)] = answer.status_code, answer.get("ETag"), _lasting(_told(answer))
    return shown


# Tokens against forged forms, and clock times, differ on any two answers; a stop-watch also in its length.
_PASSING = re.compile(
    r'value="\w{64}"|X-CSRFToken[^}]+|\d\d[:.]\d\d([:.][\d.]+)?|RateLimit-\w+: \d+|"seconds": \d+'
    r'|data-stopwatch="\d+">[\w ]+|Content-Length: \d+'
)


def _lasting(told: str) -> str:
    return _PASSING.sub("", told)


NAMED = ("public_id", "person", "invitation", "mandate", "holder", "key")
MISPLACED = [
    (address, name) for address in addresses() for name in PARAMETER.findall(address.path)
    if name in NAMED and not address.path.startswith(BY_LINK)
]  # fmt: skip


def test_foreign_and_absent_are_the_same_answer_at_every_address(
    pages: Pages, home: Furnished, foreign: Furnished
) -> None:
    """One name at a time is another town's, the others are one's own; and nothing is done by any of it."""
    before = everything_stored()
    for address, name in MISPLACED:
        absent = "nobodyskey00" if name == "key" else uuid.uuid4()
        theirs = str(THINGS.get(name, PUBLIC_IDS.get(address.path.partition("/")[0]))(foreign))
        for who in ("owner", "viewer", "narrowed_token", "nobody"):
            for method in sorted(address.methods) if address.is_api else ("GET", "POST"):
                to_theirs, to_absent = (
                    _call(pages, who, method, address, address.of(home, **{name: one})) for one in (theirs, absent)
                )
                if to_theirs is None:
                    continue
                where = f"{who} {method} {address} with another's {name}"
                _is_clean(to_theirs, foreign, where, theirs)
                assert to_theirs.status_code in (302, 400, 403, 404, 405), where
                assert _same(to_theirs, theirs) == _same(to_absent, str(absent)), where
    assert everything_stored() == before
