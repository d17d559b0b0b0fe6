"""Stacks, their resources, their secrets and their timeline."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from provisioning.domain.conditions import AT_REST, NEEDS_HUMAN, State
from provisioning.domain.names import Marker, full_name
from provisioning.kinds import KINDS
from provisioning.kinds.base import Kind

STATES = [(s.value, s.value) for s in State]


class Stack(models.Model):
    """All resources of one subscription (or of one operation), known by an opaque key."""

    class Purpose(models.TextChoices):
        SUBSCRIPTION = "subscription"
        OPERATION = "operation"

    key = models.CharField(max_length=20, unique=True)
    purpose = models.CharField(max_length=20, choices=Purpose.choices, default=Purpose.SUBSCRIPTION)
    generation = models.PositiveIntegerField(default=0, help_text="Counts approvals.")
    manifest = models.JSONField(default=dict)
    placement = models.JSONField(default=dict)
    wanted = models.PositiveIntegerField(default=0, help_text="Counts wakes; moves while somebody works.")
    claim_token = models.UUIDField(null=True, blank=True)
    claim_expires_at = models.DateTimeField(null=True, blank=True)
    rung = models.BooleanField(default=False, help_text="A ring is on its way; one at a time is enough.")
    next_look = models.DateTimeField(null=True, blank=True, db_index=True)
    state = models.CharField(max_length=12, choices=STATES, default=State.PENDING)
    reason = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key


class Resource(models.Model):
    """One object on the far side as wanted, as last seen, and what was last sent."""

    class Wish(models.TextChoices):
        PRESENT = "present"
        ABSENT = "absent"
        RETAINED = "retained"

    class Intent(models.TextChoices):
        NONE = ""
        CREATE = "create"
        UPDATE = "update"
        DELETE = "delete"

    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="resources")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    platform = models.CharField(max_length=40)
    spec = models.JSONField(default=dict, help_text="Desired, with refs.")
    wish = models.CharField(max_length=10, choices=Wish.choices, default=Wish.PRESENT)
    retain = models.BooleanField(default=False)
    purge = models.BooleanField(default=False, help_text="Its data may be deleted: a plan said so in words.")
    permit = models.JSONField(default=list, help_text="The actions that the approved plan allows here.")
    version = models.PositiveIntegerField(default=0)
    incarnation = models.PositiveIntegerField(default=1)

    intent = models.CharField(max_length=10, choices=Intent.choices, blank=True, default="")
    intent_at = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=255, blank=True, default="")
    handle = models.CharField(max_length=255, blank=True, default="")
    ever_seen = models.BooleanField(default=False)
    seen = models.JSONField(default=dict, help_text="Declared fields at the last look.")
    outputs = models.JSONField(default=dict)

    state = models.CharField(max_length=12, choices=STATES, default=State.PENDING)
    reason = models.CharField(max_length=40, blank=True, default="")
    message = models.TextField(blank=True, default="")
    next_look = models.DateTimeField(null=True, blank=True)
    absent_since = models.DateTimeField(null=True, blank=True)
    trouble_since = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Updates and tasks since it last stood as wanted.")
    failures = models.PositiveIntegerField(default=0, help_text="Calls in a row that did not get through.")
    gone_at = models.DateTimeField(null=True, blank=True)
    left_objects = models.BigIntegerField(null=True, blank=True, help_text="Of a removal in pieces; versions too.")
    left_bytes = models.BigIntegerField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True, help_text="When a worker counted what is left.")
    orphan = models.BooleanField(default=False, help_text="Found by the census; its only wish is to be gone.")
    exact_name = models.CharField(max_length=80, blank=True, default="")
    revealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["stack", "name"], name="one_resource_a_name")]

    def __str__(self) -> str:
        return f"{self.stack_id}/{self.name}"

    @property
    def declares(self) -> Kind:
        """The kind's own declarations."""
        return KINDS[self.kind]

    @property
    def condition_is_rest(self) -> bool:
        """Nothing more is expected to happen by itself."""
        return self.state in AT_REST

    @property
    def needs_human(self) -> bool:
        """It waits for a person."""
        return self.state in NEEDS_HUMAN

    def marker(self, installation: str) -> Marker:
        """Whose it is."""
        return Marker(installation, self.stack.key, self.name)

    def full_name(self, installation: str) -> str:
        """Its name on the far side."""
        return self.exact_name or full_name(self.marker(installation), self.incarnation)


class StoredSecret(models.Model):
    """One encrypted secret of a resource; `vault` alone reads and writes these."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="stored_secrets")
    field = models.CharField(max_length=40)
    ciphertext = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "field"], name="one_secret_a_field")]

    def __str__(self) -> str:
        return f"{self.resource_id}/{self.field}"


class Event(models.Model):
    """One past-tense line of a stack's timeline. Written only when something happened."""

    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="events")
    resource = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    reason = models.CharField(max_length=40)
    message = models.TextField(blank=True)
    detail: "models.JSONField[Any, Any]" = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["stack", "id"])]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.reason}"


WAITS_FOR_PERSON = Q(state__in=[s.value for s in NEEDS_HUMAN])
