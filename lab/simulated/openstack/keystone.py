"""How Keystone lists: filters by equality, pages by id, and says in the body where the next one is."""

from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from lab.simulated.openstack import errors, things
from lab.simulated.openstack.call import Call, Caller, shown
from lab.simulated.openstack.things import Thing
from lab.simulated.web import Answer

# A filter that Keystone does not know is passed over.
_NOT_FILTERS = frozenset({"limit", "marker"})


def only_admin(caller: Caller, rule: str) -> None:
    if not caller.is_admin:
        raise errors.keystone(403, f"You are not authorized to perform the requested action: identity:{rule}.")


def found(call: Call, kind: str, id: str, word: str = "") -> Thing:
    """Refused 404 when there is none."""
    thing = things.get(call.store, kind, id)
    if thing is None:
        raise errors.unknown(word or kind, id)
    return thing


def page(call: Call, plural: str, every: Iterable[Thing], show: Callable[[Call, Thing], Thing]) -> Answer:
    """What fits the query; `limit` and `marker` by id."""
    wanted = {name: value for name, value in call.query.items() if name not in _NOT_FILTERS}
    fitting = [one for one in every if all(str(one.get(n, value)) == value for n, value in wanted.items())]
    fitting.sort(key=lambda one: str(one["id"]))
    address = f"{call.root}/identity{call.request.path.removeprefix('/identity')}"
    links = {"next": None, "self": _with(address, call.request.raw_query), "previous": None}
    content: dict[str, object] = {plural: [], "links": links}
    if marker := call.query.get("marker"):
        fitting = [one for one in fitting if one["id"] > marker]
    limit = int(call.query.get("limit") or 0)
    if limit and len(fitting) > limit:
        fitting = fitting[:limit]
        links["next"] = _with(address, urlencode({**call.query, "limit": limit, "marker": fitting[-1]["id"]}))
        content["truncated"] = True
    content[plural] = [show(call, one) for one in fitting]
    return shown(content)


def linked(call: Call, plural: str, thing: Thing, *names: str) -> Thing:
    """Those of its fields that Keystone shows, with its own address."""
    return {name: thing[name] for name in ("id", *names)} | {
        "links": {"self": f"{call.root}/identity/v3/{plural}/{thing['id']}"}
    }


def refuse_taken(call: Call, kind: str, name: str, domain: str) -> None:
    """A name is taken once in a domain; Keystone has two ways to say it."""
    taken = things.every(call.store, kind, name=name, domain_id=domain)
    if not taken:
        return
    said = f"Conflict occurred attempting to store {kind} - "
    if kind == "project":
        said += "it is not permitted to have two projects with either the same name or same id in the same domain: "
        said += f"name is {name}, project id {taken[0]['id']}."
    else:
        said += f"Duplicate entry found with name {name} at domain ID {domain}."
    raise errors.keystone(409, said)


def _with(address: str, query: str) -> str:
    return f"{address}?{query}" if query else address
