"""T16: what a child does so that secrets could leak (pages, reprs), and the rotation of the vault's keys."""

import copy
import json
import pickle
import traceback
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from elaastic.models import Request, Subscription
from elaastic.services.collecting import reveal_credential
from provisioning import vault
from provisioning.domain.secrets import Secret
from provisioning.models import Plan, Resource
from provisioning.selectors import stacks
from provisioning.services.surroundings import provider
from tenants.models import LocalAuthority, User
from tests.faults import acts
from tests.personas import sign_in

PEOPLE = ("owner@comune.example", "operator@region.example", "approver@region.example", "auditor@region.example")


def visit(into: str) -> int:
    """Every address that answers a GET, as four people; all answers in one file. How many answered 200."""
    acts.begin()
    settings.ALLOWED_HOSTS = ["*"]
    words = _words()
    fine = 0
    with Path(into).open("wb") as file:
        for email in PEOPLE:
            client = Client(raise_request_exception=False)
            sign_in(client, User.objects.get(email=email))
            for path in _paths(words):
                answer = client.get(path)
                fine += answer.status_code == 200
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                file.write(b"\n" + path.encode() + b"\n" + str(answer.headers).encode() + b"\n" + body)
    return fine


def _words() -> dict[str, list[str]]:
    """What may stand in a path: every id there is, whatever the address calls it."""
    mine = acts._subscription()
    public = [str(x.public_id) for x in (mine, *Request.objects.filter(subscription=mine), mine.authority)]
    keys = [str(LocalAuthority.objects.get(pk=mine.authority_id).pk), str(Plan.objects.latest("pk").pk), "1"]
    return {"uuid": public, "int": keys, "str": [*public, mine.stack_key, "writer", "restore", "ceph-marche"]}


def _paths(words: dict[str, list[str]]) -> list[str]:
    found: list[str] = []
    for pattern in _patterns(get_resolver().url_patterns, ""):
        converters = {name: type(c).__name__ for name, c in pattern[1].items()}
        if len(converters) > 2 or "<path:" in pattern[0] or "static" in pattern[0]:
            continue
        paths = ["/" + pattern[0]]
        for name, kind in converters.items():
            fit = words["uuid" if "UUID" in kind else "int" if "Int" in kind else "str"]
            paths = [_put(path, name, word) for path in paths for word in fit]
        found += paths
    return found


def _put(path: str, name: str, word: str) -> str:
    before, _, rest = path.partition(f"{name}>")
    return before.rpartition("<")[0] + word + rest


def _patterns(patterns: Any, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for one in patterns:
        route = prefix + str(getattr(one.pattern, "_route", ""))
        if isinstance(one, URLResolver):
            found += _patterns(one.url_patterns, route)
        elif isinstance(one, URLPattern) and hasattr(one.pattern, "_route"):
            found.append((route, dict(one.pattern.converters)))
    return found


def mishandle(into: str) -> None:
    """Everything that a careless line of code might do with a secret, printed and written down."""
    acts.begin()
    row = Resource.objects.get(stack__key=acts._subscription().stack_key, name="writer-key")
    kept = vault.read([row.pk])[row.pk]
    secret = kept["secret_key"]
    found = provider("ceph-marche")
    assert found is not None
    seen: list[str] = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{secret}", repr(kept)]
    seen += [repr(copy.deepcopy(secret)), repr(row), repr(vars(row)), repr(stacks.resources(row.stack.key))]
    credentials = found._credentials()  # type: ignore[attr-defined]
    seen += [repr(credentials), repr(found._admin.user(str(row.outputs["user"])))]  # type: ignore[attr-defined]
    for breaks in (lambda: json.dumps(kept), lambda: pickle.dumps(secret), lambda: int(secret)):  # type: ignore
        try:
            seen.append(str(breaks()))
        except TypeError:
            seen.append(traceback.format_exc())
    print("\n".join(seen), flush=True)  # noqa: T201  # into the log, which is searched
    Path(into).write_text("\n".join(seen))


def reveal() -> str:
    """The one place that shows it: what the authority collects, once."""
    acts.begin()
    subscription: Subscription = acts._subscription()
    shown = reveal_credential(subscription=subscription, name="writer", by=acts._actor("owner@comune.example"))
    assert isinstance(shown.secret_key, Secret)
    return shown.secret_key.reveal()


def new_key_first() -> None:
    """A new key is put before the old ones."""
    assert settings.VAULT_KEYS_FILE
    path = Path(settings.VAULT_KEYS_FILE)
    path.write_text(f"{Fernet.generate_key().decode()}\n{path.read_text()}")


def rotate(batch: int, batches: int) -> None:
    """So many batches of that size, then the command is stopped; 0: the command to its end."""
    acts.begin()
    vault._BATCH = batch  # type: ignore[misc]
    if not batches:
        call_command("rotate_vault")
        return
    after = 0
    for _ in range(batches):
        after = vault.rotate(after)


def first_key_only() -> None:
    """The old keys are taken out."""
    assert settings.VAULT_KEYS_FILE
    path = Path(settings.VAULT_KEYS_FILE)
    path.write_text(path.read_text().splitlines()[0])
