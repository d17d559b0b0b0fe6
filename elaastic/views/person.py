"""Who is looking at the page: as in `tenants`, for the pages here."""

from tenants.views.person import actor_of, regional, sentence_of, signed_in

__all__ = ["actor_of", "regional", "sentence_of", "signed_in"]
