"""Restore tests as clients get them; beside each function the shape that the schema publishes."""

from typing import Any

from rest_framework import serializers

from elaastic.api.fields import Int32, Int64, one_of
from elaastic.api.next_actions import NextActionShape, restore_next_action
from elaastic.api.shapes import PersonShape, person_shape
from elaastic.models import RESTORE_TOOLS, RestoreState, RestoreTest
from elaastic.selectors.restores import command
from elaastic.services.collecting import connection_of
from tenants.api.shapes import rfc3339


class RestoreTestShape(serializers.Serializer[Any]):
    """What `restore_test_shape` returns. `file`: what is to be restored, once it is known; `bytes`: its size, where
    the portal has read it. `until`: who leaves can restore until then; null: as long as the subscription lasts.
    """

    id = serializers.UUIDField()
    kind = one_of("RestoreTestKind", ("restore_test",))
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    archive = serializers.CharField()
    tool = one_of("RestoreTool", RESTORE_TOOLS)
    state = one_of("RestoreTestState", RestoreState.values)
    next_action = NextActionShape()
    proof_file = serializers.BooleanField()
    file = serializers.CharField()
    bytes = Int64(allow_null=True)
    tries_left = Int32()
    asked_by = PersonShape()
    asked_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class RestoreTestDetailShape(RestoreTestShape):
    """One by itself. `command`: what to run with the restore key, whose last line has the SHA-256 that is asked
    for; empty unless the state is `restoring`.
    """

    command = serializers.CharField()


def restore_test_shape(row: RestoreTest) -> dict[str, Any]:
    """One restore test; needs its subscription, authority and person selected with it. `proof_file`: it goes
    through the authority's own backup first.
    """
    subscription = row.subscription
    return {
        "id": str(row.public_id),
        "kind": "restore_test",
        "subscription": str(subscription.public_id),
        "authority": str(subscription.authority.public_id),
        "archive": row.archive,
        "tool": row.tool,
        "state": str(row.state),
        "next_action": restore_next_action(row),
        "proof_file": bool(row.proof_text),
        "file": row.filename if row.proof_text else row.sample.get("key", ""),
        "bytes": row.sample.get("size"),
        "tries_left": row.tries_left,
        "asked_by": person_shape(row.asked_by),
        "asked_at": rfc3339(row.asked_at),
        "ready_at": rfc3339(row.ready_at),
        "until": rfc3339(subscription.kept_until),
        "ended_at": rfc3339(row.ended_at),
    }


def restore_test_detail_shape(row: RestoreTest) -> dict[str, Any]:
    """The same with the command, which asks for more rows."""
    told = ""
    if row.state == RestoreState.RESTORING:
        told = command(row, connection_of(row.subscription).access("restore", ""))
    return {**restore_test_shape(row), "command": told}
