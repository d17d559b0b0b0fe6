"""Everything that the database holds, to be compared before and after."""

from typing import Any

from django.apps import apps

# What every call and every sign-in leaves behind.
_PASSING_TABLES = ("tenants.CallCount", "tenants.CacheRow", "sessions.Session", "axes.AccessLog")
_PASSING_COLUMNS = ("last_used_at", "last_login")


def everything_stored() -> dict[str, list[dict[str, Any]]]:
    """Rows by table, each as its columns; not who was there."""
    return {
        model._meta.label: [
            {name: value for name, value in row.items() if name not in _PASSING_COLUMNS}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in apps.get_models()
        if model._meta.label not in _PASSING_TABLES
    }
