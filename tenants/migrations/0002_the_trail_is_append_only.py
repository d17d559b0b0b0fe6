"""The database refuses to change a sealed audit event, whoever asks and in whatever way.

An unsealed event may change in one way: being sealed. On PostgreSQL a deletion is refused too; on SQLite
it is refused in Python and shown by the chain, because emptying a test database deletes row by row there.
"""

from django.db import migrations

CONTENT = (
    "id", "at", "action", "actor_id", "authority_id", "subject_type", "subject_id", "before", "after",
    "personal_hash",
)
SQLITE_ALLOWED = "OLD.number IS NULL AND NEW.number IS NOT NULL AND " + " AND ".join(
    f'OLD."{c}" IS NEW."{c}"' for c in CONTENT
)
POSTGRES_ALLOWED = "OLD.number IS NULL AND NEW.number IS NOT NULL AND " + " AND ".join(
    f'OLD."{c}" IS NOT DISTINCT FROM NEW."{c}"' for c in CONTENT
)

SQLITE_UP = (
    f"""CREATE TRIGGER audit_event_is_never_changed BEFORE UPDATE ON tenants_auditevent
    WHEN NOT ({SQLITE_ALLOWED})
    BEGIN SELECT RAISE(ABORT, 'an audit event is never changed'); END""",
    """CREATE TRIGGER audit_personal_is_never_changed BEFORE UPDATE ON tenants_auditpersonaldata
    BEGIN SELECT RAISE(ABORT, 'an audit event is never changed'); END""",
)
SQLITE_DOWN = ("DROP TRIGGER audit_event_is_never_changed", "DROP TRIGGER audit_personal_is_never_changed")

POSTGRES_UP = (
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'an audit event is never changed or deleted'; END $$""",
    f"""CREATE TRIGGER audit_event_is_never_changed BEFORE UPDATE ON tenants_auditevent
    FOR EACH ROW WHEN (NOT ({POSTGRES_ALLOWED})) EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_event_is_never_deleted BEFORE DELETE ON tenants_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_personal_is_never_changed BEFORE UPDATE ON tenants_auditpersonaldata
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
)
POSTGRES_DOWN = (
    "DROP TRIGGER audit_event_is_never_changed ON tenants_auditevent",
    "DROP TRIGGER audit_event_is_never_deleted ON tenants_auditevent",
    "DROP TRIGGER audit_personal_is_never_changed ON tenants_auditpersonaldata",
    "DROP FUNCTION audit_refuse()",
)
UP = {"sqlite": SQLITE_UP, "postgresql": POSTGRES_UP}
DOWN = {"sqlite": SQLITE_DOWN, "postgresql": POSTGRES_DOWN}


def forwards(apps, schema_editor):
    for statement in UP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in DOWN[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_people_authorities_and_trail")]
    operations = [migrations.RunPython(forwards, backwards)]
