"""Several workers that remove the same rows at once, in a portal of its own; prints what came of it as JSON.

A program and not a test: pytest's SQLite lives in memory, where locks are not those of a file.
"""

import json
import threading
from datetime import timedelta

WORKERS, EXPIRED, LIVE = 4, 3000, 50


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.utils import timezone

    from tenants.models import CacheRow
    from tenants.services import housekeeping

    call_command("migrate", verbosity=0)
    now = timezone.now()
    rows = [(f"past {n}", now - timedelta(days=1)) for n in range(EXPIRED)]
    rows += [(f"live {n}", now + timedelta(days=1)) for n in range(LIVE)]
    CacheRow.objects.bulk_create(CacheRow(cache_key=key, value="", expires=expires) for key, expires in rows)
    housekeeping.BATCH = 100  # type: ignore[misc]
    housekeeping.LONGEST_S = 60.0  # type: ignore[misc]
    failures: list[str] = []
    start = threading.Barrier(WORKERS)

    def work() -> None:
        try:
            start.wait(timeout=30)
            housekeeping.remove_expired()
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _worker in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=100)
    left = [key.split()[0] for key in CacheRow.objects.values_list("cache_key", flat=True)]
    print(json.dumps({"failures": failures, "past": left.count("past"), "live": left.count("live")}))  # noqa: T201


if __name__ == "__main__":
    main()
