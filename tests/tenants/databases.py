"""A database of one's own on a PostgreSQL server that others use too."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database; it is dropped afterwards."""
    name = f"tenants_{uuid.uuid4().hex[:12]}"
    _run(server_url, f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
