"""One ask, and its decision. The approver is never the requester: the database says so."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from elaastic.models.subscriptions import Subscription
from provisioning.services.clock import now


class RequestKind(models.TextChoices):
    """What is asked. Repair is asked by the portal itself when reality moved."""

    START = "start", _("New subscription")
    CHANGE = "change", _("Change of terms")
    END = "end", _("End of the subscription")
    PURGE = "purge", _("Deletion of what was kept")
    REPAIR = "repair", _("Repair")
    SUSPEND = "suspend", _("Suspension")
    RESUME = "resume", _("Resumption")
    KEYS = "keys", _("Change of credentials")
    RENEW = "renew", _("Renewal of the agreement")
    EXPIRE = "expire", _("End of writing, because the agreement has run out")
    FAIL_OVER = "fail_over", _("Failover")
    FAIL_BACK = "fail_back", _("End of the failover")


class Decision(models.TextChoices):
    """How it ended; empty while it is open."""

    OPEN = "", _("Open")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SUPERSEDED = "superseded", _("Superseded")


class RequestState(models.TextChoices):
    """What people see; derived."""

    PLANNING = "planning", _("The plan is being made")
    AWAITING_DECISION = "awaiting_decision", _("Waiting for the region's decision")
    MORE_INFORMATION = "more_information", _("More information is needed")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    APPLIED = "applied", _("Done")
    SUPERSEDED = "superseded", _("Superseded")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Request(models.Model):
    """The terms are frozen when it is asked; the plan is made by a worker and shown to both sides."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=10, choices=RequestKind.choices, default=RequestKind.START)
    level = models.PositiveSmallIntegerField()
    terms = models.JSONField()
    mode = models.JSONField(default=dict, blank=True, help_text="What shall be in force beside them.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="requests_made"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    preapproved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who may do this alone: a worker carries the plan out when it holds nothing else.",
    )

    plan_id = models.BigIntegerField(null=True, blank=True, help_text="provisioning's plan; its newest.")
    plan_digest = models.CharField(max_length=64, blank=True, default="")
    plan_due = models.DateTimeField(null=True, blank=True, db_index=True, help_text="A worker makes the plan then.")
    planning_problem = models.CharField(max_length=40, blank=True, default="")
    planning_message = models.TextField(blank=True, default="")

    question_at = models.DateTimeField(
        null=True, blank=True, help_text="The region waits for the authority's words since then."
    )
    counter = models.JSONField(default=dict, blank=True, help_text="Other terms that the region would approve.")
    counter_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who took the region's terms for the authority: as little an approver as who asked.",
    )

    decision = models.CharField(max_length=12, choices=Decision.choices, blank=True, default=Decision.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="requests_decided"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, default="")
    applied_at = models.DateTimeField(null=True, blank=True)
    tell_due = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="Who asked has yet to be told of the decision."
    )
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(decision=""), name="one_open_request_a_subscription"
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["approved", "rejected"]) | Q(decided_by__isnull=False),
                name="a_decision_has_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(decision="approved") | Q(requested_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="approver_is_not_requester",
            ),
            models.CheckConstraint(
                condition=~Q(decision="approved") | Q(accepted_by__isnull=True) | ~Q(decided_by=F("accepted_by")),
                name="approver_did_not_accept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.public_id}"


def request_state(request: Request) -> RequestState:
    """The state, from the decision and the plan."""
    if request.decision == Decision.APPROVED:
        return RequestState.APPLIED if request.applied_at else RequestState.APPROVED
    if request.decision:
        return RequestState(request.decision)
    if request.question_at is not None:
        return RequestState.MORE_INFORMATION
    goes_by_itself = request.preapproved_by_id is not None and not request.planning_problem
    if request.plan_due is not None or not request.plan_digest or goes_by_itself:
        return RequestState.PLANNING
    return RequestState.AWAITING_DECISION
