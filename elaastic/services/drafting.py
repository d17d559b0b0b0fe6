"""Forms half filled, kept from one day to the next for the person who fills them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from elaastic.models import Draft
from provisioning.services.clock import now
from tenants.models import Actor

KEPT: Final = timedelta(days=90)
# The largest form has 20 archives of four fields and 50 machines of seven.
MOST_FIELDS: Final = 500
LONGEST_VALUE: Final = 300


def keep_draft(*, form: str, typed: Mapping[str, str], by: Actor) -> None:
    """Remember what stands in the fields, unjudged; what no form of ours holds is left out."""
    kept = {
        name[:60]: value[:LONGEST_VALUE] for name, value in list(typed.items())[:MOST_FIELDS] if "\x00" not in value
    }
    Draft.objects.update_or_create(person=by.user, form=form, defaults={"typed": kept, "changed_at": now()})


def draft_of(*, form: str, by: Actor) -> Draft | None:
    """What this person typed and did not send."""
    return Draft.objects.filter(person=by.user, form=form).first()


def drop_draft(*, form: str, by: Actor) -> None:
    """It was sent, or is not wanted any more."""
    Draft.objects.filter(person=by.user, form=form).delete()


def forget_old() -> None:
    """What nobody touched for a season; any number of workers may do it at once."""
    Draft.objects.filter(changed_at__lt=now() - KEPT).delete()
