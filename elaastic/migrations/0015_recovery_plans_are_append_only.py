"""The database refuses to change a version of a recovery plan; PostgreSQL refuses to delete one too (as 0008)."""

from django.db import migrations

UP = {
    "sqlite": (
        """CREATE TRIGGER recovery_plan_is_never_changed BEFORE UPDATE ON elaastic_recoveryplan
        BEGIN SELECT RAISE(ABORT, 'a version of a recovery plan is never changed'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION recovery_plan_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'a version of a recovery plan is never changed or deleted'; END $$""",
        """CREATE TRIGGER recovery_plan_is_never_changed BEFORE UPDATE OR DELETE ON elaastic_recoveryplan
        FOR EACH ROW EXECUTE FUNCTION recovery_plan_refuse()""",
    ),
}
DOWN = {
    "sqlite": ("DROP TRIGGER recovery_plan_is_never_changed",),
    "postgresql": (
        "DROP TRIGGER recovery_plan_is_never_changed ON elaastic_recoveryplan",
        "DROP FUNCTION recovery_plan_refuse()",
    ),
}


def forwards(apps, schema_editor):
    for statement in UP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in DOWN[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("elaastic", "0014_recovery_plans")]
    operations = [migrations.RunPython(forwards, backwards)]
