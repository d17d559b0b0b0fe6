"""Pages about people and authorities. The first of them come with the pages of the flow."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
