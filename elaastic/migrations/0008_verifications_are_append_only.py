"""The database refuses to change a verification, whoever asks; PostgreSQL refuses to delete one too, as for the
audit trail (`tenants` 0002: emptying a test database on SQLite deletes row by row)."""

from django.db import migrations

UP = {
    "sqlite": (
        """CREATE TRIGGER verification_is_never_changed BEFORE UPDATE ON elaastic_verification
        BEGIN SELECT RAISE(ABORT, 'a verification is never changed'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION verification_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'a verification is never changed or deleted'; END $$""",
        """CREATE TRIGGER verification_is_never_changed BEFORE UPDATE OR DELETE ON elaastic_verification
        FOR EACH ROW EXECUTE FUNCTION verification_refuse()""",
    ),
}
DOWN = {
    "sqlite": ("DROP TRIGGER verification_is_never_changed",),
    "postgresql": (
        "DROP TRIGGER verification_is_never_changed ON elaastic_verification",
        "DROP FUNCTION verification_refuse()",
    ),
}


def forwards(apps, schema_editor):
    for statement in UP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in DOWN[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("elaastic", "0007_proving")]
    operations = [migrations.RunPython(forwards, backwards)]
