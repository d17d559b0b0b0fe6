"""What was proven so far is linked into chains in the order in which it was written. The guard of 0008 is down
meanwhile; SQLite makes the table anew for each column, and would lose it anyway."""

import hashlib
import json
from datetime import UTC
from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

guard = import_module("elaastic.migrations.0008_verifications_are_append_only")
FIRST_LINK = "0" * 64
LOWER = {
    "sqlite": ("DROP TRIGGER IF EXISTS verification_is_never_changed",),
    "postgresql": guard.DOWN["postgresql"],
}


def lower_the_guard(apps, schema_editor):
    for statement in LOWER[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def line(row, previous, number):
    """As `elaastic.selectors.ledger.line` had it when this was written."""
    subscription = row.subscription
    content = {
        "subscription": str(subscription.public_id),
        "authority": str(subscription.authority.public_id),
        "number": number,
        "previous": previous,
        "id": str(row.public_id),
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "archive": row.archive,
        "kind": str(row.kind),
        "passed": row.passed,
        "by": str(row.by.public_id) if row.by else None,
        "seconds": row.seconds,
        "evidence": row.evidence,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def link(apps, schema_editor):
    Verification = apps.get_model("elaastic", "Verification")
    heads = {}
    for row in list(Verification.objects.select_related("subscription__authority", "by").order_by("id")):
        number, previous = heads.get(row.subscription_id, (0, FIRST_LINK))
        digest = hashlib.sha256(line(row, previous, number + 1).encode()).hexdigest()
        Verification.objects.filter(pk=row.pk).update(number=number + 1, previous_hash=previous, hash=digest)
        heads[row.subscription_id] = (number + 1, digest)
    apps.get_model("elaastic", "VerificationHead").objects.bulk_create(
        apps.get_model("elaastic", "VerificationHead")(subscription_id=pk, number=number, hash=digest)
        for pk, (number, digest) in heads.items()
    )
    if schema_editor.connection.vendor == "postgresql":
        # What foreign keys still have to check stands in the way of altering a table.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("elaastic", "0012_looks_rest")]

    operations = [
        migrations.RunPython(lower_the_guard, guard.forwards),
        migrations.CreateModel(
            name="VerificationHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(default=0)),
                ("hash", models.CharField(default=FIRST_LINK, max_length=64)),
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verification_head",
                        to="elaastic.subscription",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="verification",
            name="hash",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="verification",
            name="number",
            field=models.PositiveIntegerField(default=0, help_text="Its place in the subscription's chain, from 1."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="verification",
            name="previous_hash",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="verification",
            name="evidence",
            field=models.JSONField(help_text="What was tried, and what it was compared with. No floats."),
        ),
        migrations.RunPython(link, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.UniqueConstraint(fields=("subscription", "number"), name="one_verification_a_link"),
        ),
        migrations.RunPython(guard.forwards, lower_the_guard),
    ]
