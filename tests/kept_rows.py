"""Rows of a SQLite database as they are stored, to be put back into it when they are gone."""

from django.db import connection, transaction

# By table, each row as SQLite keeps it.
Rows = dict[str, list[tuple[object, ...]]]


def all_rows() -> Rows:
    """Of every table of a model. A plus before a column hides its type: no driver converts what it holds."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.django_table_names(only_existing=True):
            described = connection.introspection.get_table_description(cursor, table)
            columns = ", ".join(f'+"{one.name}"' for one in described)
            cursor.execute(f'SELECT {columns} FROM "{table}"')  # names of our own tables
            found[table] = list(cursor.fetchall())
    return found


def rows_since(before: Rows) -> Rows:
    """Those that are there now and were not `before`."""
    known = {table: set(rows) for table, rows in before.items()}
    new = {table: [row for row in rows if row not in known[table]] for table, rows in all_rows().items()}
    return {table: rows for table, rows in new.items() if rows}


def put_back(rows: Rows) -> None:
    """Together: keys to other tables are looked at when a transaction ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, those in rows.items():
            marks = ", ".join(["%s"] * len(those[0]))
            cursor.executemany(f'INSERT INTO "{table}" VALUES ({marks})', those)
