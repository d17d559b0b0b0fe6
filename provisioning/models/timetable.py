"""Work with a time, as rows: any number of schedulers, once in effect; a missed one is made up once."""

from django.db import models


class TimedWork(models.Model):
    """`name` is due at `due_at`; whoever moves `due_at` by compare-and-swap has it."""

    name = models.CharField(max_length=80, unique=True)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
