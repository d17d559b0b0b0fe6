"""Every name that something is stored, asked or shown under, found by walking models, forms and serializers."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django import forms
from django.apps import apps
from django.db import models
from rest_framework import serializers

from tenants.api.serializers import StrictSerializer

OURS = ("tenants", "elaastic", "provisioning")
Kind = TypeVar("Kind", bound=type)


def all_names() -> dict[str, str]:
    """Name → something that the field would take, and that changes what it says."""
    shown = {name: "estraneo" for kind in _below(serializers.Serializer) for name in kind._declared_fields}
    typed = {name: "estraneo" for kind in all_forms() for name in kind.base_fields}
    stored = {name: _value(column) for column in _columns() for name in (column.name, column.attname)}
    return {**shown, **typed, **stored}


def all_forms() -> set[type[forms.Form]]:
    """Every form of ours."""
    return set(_below(forms.Form))


def all_bodies() -> set[type[StrictSerializer]]:
    """Every body that the API takes."""
    return set(_below(StrictSerializer))


def _below(base: Kind) -> Iterator[Kind]:
    for kind in base.__subclasses__():
        if kind.__module__.split(".")[0] in OURS:
            yield kind
        yield from _below(kind)


def _columns() -> Iterator["models.Field[Any, Any]"]:
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            yield from model._meta.concrete_fields


def _value(column: "models.Field[Any, Any]") -> str:
    if column.flatchoices:
        return str(next(key for key, _label in reversed(column.flatchoices) if key != column.get_default()))
    if isinstance(column, models.BooleanField):
        return "" if column.get_default() else "on"
    if isinstance(column, models.DateField):
        return "2001-01-01"
    number = isinstance(column, models.IntegerField | models.AutoField | models.ForeignKey | models.FloatField)
    return "2" if number else "estraneo"
