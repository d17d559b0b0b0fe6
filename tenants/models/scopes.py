"""What a token may be allowed to do. A token never does more than its person's roles."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SCOPES: Final[dict[str, Promise]] = {
    "authorities:read": _("Read authorities, their members and what they are allowed to do."),
    "authorities:write": _("Register and change authorities."),
    "authorities:verify": _("Verify, suspend and resume authorities."),
    "subscriptions:read": _("Read subscriptions, requests, plans, resources and events."),
    "subscriptions:write": _("Ask, change, withdraw, and collect credentials."),
    "requests:decide": _("Approve and reject requests."),
    "capacity:read": _("Read capacity by site and platform."),
    "stacks:read": _("Read stacks, platforms and orphans."),
    "stacks:write": _("Retry, adopt and tear down stacks."),
    "audit:read": _("Read the audit trail."),
    "tokens:read": _("Read one's own tokens, without their secrets."),
    "tokens:write": _("Issue and revoke one's own tokens."),
    "metrics:read": _("Read the portal's metrics."),
}
