"""The list of subscriptions, read as columns.

Making a model and its relation of each of a hundred rows the usual way (signals, defaults, one keyword at a time)
costs as much CPU as the rest of the answer.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import orjson
from django.db.models import JSONField, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import ValuesListIterable

from elaastic.models import Subscription
from tenants.models import LocalAuthority

# Of the authority a list shows its id, name and code; anything else of it is read when it is asked for.
_BODY: Final = ("id", "public_id", "name", "ipa_code")
_OWN: Final = tuple(column.attname for column in Subscription._meta.concrete_fields)
_COLUMNS: Final = (*_OWN, *(f"authority__{name}" for name in _BODY))
_BODIES: Final = len(_OWN)
_ALL: Final = len(_COLUMNS)
_DOCUMENTS: Final = tuple(
    at for at, column in enumerate(Subscription._meta.concrete_fields) if isinstance(column, JSONField)
)


def as_listed(rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """The same rows, each with its authority; to be ordered, filtered and cut, and then read."""
    listed: Any = rows.values_list(*_COLUMNS)
    listed._iterable_class = _Rows
    found: QuerySet[Subscription] = listed
    return found


class _Rows(ValuesListIterable):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Any]:
        query = self.queryset.query
        compiler = query.get_compiler(self.queryset.db)
        found = chain.from_iterable(compiler.execute_sql())
        columns = compiler.get_converters([column[0] for column in compiler.select])
        usual = {at: how for at, how in columns.items() if at not in _DOCUMENTS}
        added = tuple(query.annotation_select)  # by pagination; they come last
        for values in compiler.apply_converters(found, usual) if usual else found:
            own = dict(zip(_OWN, values, strict=False))
            for at in _DOCUMENTS:
                own[_OWN[at]] = _from_json(values[at])
            if added:
                own.update(zip(added, values[_ALL:], strict=True))
            body = _made(LocalAuthority, dict(zip(_BODY, values[_BODIES:], strict=False)))
            yield _made(Subscription, own, authority=body)


def _from_json(text: str | None) -> Any:
    """orjson knows nothing that JSONField reads otherwise. Most modes are empty."""
    if text == "{}":
        return {}
    return None if text is None else orjson.loads(text)


def _made(model: Any, columns: dict[str, Any], **related: Any) -> Any:
    row = model.__new__(model)
    row.__dict__ = columns
    row._state = state = ModelState()
    state.adding, state.db, state.fields_cache = False, "default", related
    return row
