"""The same POST with the same key from many threads, in a portal of its own; prints what came of it as JSON.

A program and not a test: pytest's SQLite lives in memory, where locks are not those of a file.
"""

import json
import threading
from collections import Counter
from typing import Any

PARALLEL = 50


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.test.utils import setup_test_environment

    from tenants.models import AuditEvent, LocalAuthority
    from tenants.services import audit
    from tests.personas import API, make_world
    from tests.tenants.bodies import body_of

    setup_test_environment()
    call_command("migrate", verbosity=0)
    world = make_world()
    before = LocalAuthority.objects.count(), _registrations(AuditEvent)
    clients = [world["onboarding"].client() for _n in range(PARALLEL)]
    answers: list[Any] = []
    start = threading.Barrier(PARALLEL)

    def call(client: Any) -> None:
        try:
            start.wait(timeout=30)
            answers.append(
                client.post(f"{API}/authorities/", body_of(87), format="json", HTTP_IDEMPOTENCY_KEY="one")
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    audit.tick()
    created = [answer for answer in answers if answer.status_code == 201]
    found = {
        "statuses": Counter(str(answer.status_code) for answer in answers),
        "authorities": LocalAuthority.objects.count() - before[0],
        "events": _registrations(AuditEvent) - before[1],
        "ids": len({answer.json()["id"] for answer in created}),
        "first_answers": sum("Idempotency-Replayed" not in answer for answer in created),
        "chain_holds": audit.verify_chain().holds,
    }
    print(json.dumps(found))  # noqa: T201 - the answer of a program


def _registrations(events: Any) -> int:
    return int(events.objects.filter(action="authority.registered").count())


if __name__ == "__main__":
    main()
