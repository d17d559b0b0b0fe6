"""Addresses of the API that belong to tenants."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
