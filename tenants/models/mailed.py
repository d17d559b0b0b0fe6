"""What is told by mail, and with what secret."""

from django.db import models
from django.db.models.functions import Now


class Mailed(models.Model):
    """A row that somebody has yet to be told of, once `send_due` has come, by the database's clock."""

    send_due = models.DateTimeField(null=True, db_default=Now(), db_index=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class MailedSecret(Mailed):
    """One with a secret in its mail.

    The worker that writes the mail makes it; the row keeps its hash and no more. Whoever is told again gets another
    one, and the former stops working.
    """

    secret_hash = models.CharField(max_length=64, default="", editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True
