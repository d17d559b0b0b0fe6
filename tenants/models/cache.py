"""Django's cache, as a table of ours: a migration makes it, so that no installation can forget it."""

from django.db import models


class CacheRow(models.Model):
    """What the login pages count and remember for a while: wrong codes, codes used, how often an address tried.

    The columns are those of Django's database cache, which alone writes them.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key
