"""Mails: what happened, whose move it is, and one next action. Never a secret, never a figure that a page lacks."""

from elaastic.notifications.alerts import tell, tell_escalation
from elaastic.notifications.deciding import tell_decision, tell_message
from elaastic.notifications.ends import tell_reminder
from elaastic.notifications.weeks import tell_digest, tell_region

__all__ = [
    "tell",
    "tell_decision",
    "tell_digest",
    "tell_escalation",
    "tell_message",
    "tell_region",
    "tell_reminder",
]
