"""`/operations/drills/`: the recovery plan, or one machine of it, really started; measured, and removed again."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as Call
from rest_framework.response import Response
from rest_framework.reverse import reverse

from elaastic.api.answers import IF_NONE_MATCH, WAIT, answer_single, answer_when_changed
from elaastic.api.evidence import EvidenceShape, evidence_shapes
from elaastic.api.fields import INT32, Int32, one_of
from elaastic.api.sequences import row_parameters
from elaastic.api.shapes import PersonShape, person_shape
from elaastic.api.started import StartedMachineShape, started_machines
from elaastic.api.subscriptions import READ, WRITE
from elaastic.models import Drill, DrillImages, DrillState, Subscription
from elaastic.selectors.drills import DrillView, drills_readable_by, view, views
from elaastic.selectors.subscriptions import subscriptions_readable_by
from elaastic.services import drilling
from provisioning.domain.course import CHECK, CLEAN, IMAGES, PAUSE, PEOPLE, START
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.schema import IDEMPOTENCY_KEY, answers, page_of
from tenants.api.serializers import StrictSerializer, read_body
from tenants.api.shapes import rfc3339
from tenants.models import Actor
from tenants.models.errors import Invalid, NotFound

STEP: Final = OpenApiParameter("number", {**INT32, "minimum": 0}, OpenApiParameter.PATH)
STAGES: Final = ("", IMAGES, PAUSE, PEOPLE, START, CHECK, CLEAN)


class DrilledStepShape(serializers.Serializer[Any]):
    """What people are to do. `number` is for `/steps/{number}/done/`; `done_at` is null while nobody has."""

    number = Int32()
    group = Int32()
    text = serializers.CharField()
    who = serializers.CharField()
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = serializers.CharField()


class DrilledPointShape(serializers.Serializer[Any]):
    """From which image a machine started, and when that had arrived."""

    machine = serializers.CharField()
    recovery_point = serializers.UUIDField()
    arrived_at = serializers.DateTimeField()


class DrillShape(serializers.Serializer[Any]):
    """What `drill_shape` returns. `machine` is empty where the whole plan is tried. `backup_bad` and `not_tested`
    are different answers: the second says nothing about the copies. `reason` is stable; `about`: the machine at
    fault. `asked_by` is null where the portal began it by itself, because it was due. `rto_seconds`: until the last
    machine had answered; `rpo_seconds`: the age of the oldest image that was used. Where `images` is `random` that
    is the age of images drawn from the earlier ones, and not to be held against the RPO that was agreed.
    """

    id = serializers.UUIDField()
    subscription = serializers.UUIDField()
    authority = serializers.UUIDField()
    machine = serializers.CharField()
    plan_version = Int32()
    images = one_of("DrillImages", DrillImages.values)
    state = one_of("DrillState", DrillState.values)
    stage = one_of("DrillStage", STAGES)
    group = Int32()
    reason = serializers.CharField()
    message = serializers.CharField()
    about = serializers.CharField()
    trouble = serializers.CharField()
    rto_seconds = Int32(allow_null=True)
    rpo_seconds = Int32(allow_null=True)
    asked_by = PersonShape(allow_null=True)
    asked_at = serializers.DateTimeField()
    judged_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class DrillDetailShape(DrillShape):
    """One by itself, with what each machine did and from which image, what people are to do, and the files that it
    left.
    """

    machines = StartedMachineShape(many=True)
    points = DrilledPointShape(many=True)
    steps = DrilledStepShape(many=True)
    evidence = EvidenceShape(many=True)


def drill_shape(seen: DrillView) -> dict[str, Any]:
    """One drill."""
    row, operation = seen.drill, seen.operation
    return {
        "id": str(row.public_id),
        "subscription": str(row.subscription.public_id),
        "authority": str(row.subscription.authority.public_id),
        "machine": row.machine,
        "plan_version": row.plan_version,
        "images": str(row.images),
        "state": str(seen.state),
        "stage": operation.stage.kind if operation.stage else "",
        "group": operation.stage.group if operation.stage else 0,
        "reason": operation.reason,
        "message": operation.message,
        "about": operation.about,
        "trouble": operation.trouble,
        "rto_seconds": seen.rto_s,
        "rpo_seconds": seen.rpo_s,
        "asked_by": person_shape(row.asked_by) if row.asked_by else None,
        "asked_at": rfc3339(row.asked_at),
        "judged_at": rfc3339(operation.judged_at),
        "ended_at": rfc3339(operation.ended_at),
    }


def drill_detail_shape(seen: DrillView) -> dict[str, Any]:
    """The same with its machines, steps and files."""
    machines = started_machines(seen.operation.course, seen.operation.found)
    told = {
        "machines": machines,
        "points": _points(seen),
        "steps": _steps(seen),
        "evidence": evidence_shapes(seen.drill),
    }
    return {**drill_shape(seen), **told}


def _points(seen: DrillView) -> list[dict[str, Any]]:
    found = [(machine.name, seen.point(machine)) for machine in seen.operation.course.machines]
    return [
        {"machine": name, "recovery_point": str(point.public_id), "arrived_at": rfc3339(point.arrived_at)}
        for name, point in found
        if point is not None
    ]


def _steps(seen: DrillView) -> list[dict[str, Any]]:
    found = []
    for number, step in enumerate(seen.operation.course.steps):
        if step.kind == PEOPLE:
            done = seen.operation.found.done.get(str(number), {})
            told = {"done_at": done.get("at"), "done_by": done.get("by", "")}
            found.append({"number": number, "group": step.group, "text": step.text, "who": step.who, **told})
    return found


DRILLS: Final[Listing[Drill]] = Listing(
    model=Drill,
    # The whole page is shaped at once, because states come from another table.
    show=lambda row: {"row": row},
    sorts={"asked_at": "asked_at"},
    default_sort="-asked_at",
    search=("machine", "subscription__authority__name"),
    filters={
        "subscription": "subscription__public_id",
        "authority": "subscription__authority__public_id",
        "machine": "machine",
        "images": "images",
    },
)


class DrillBody(StrictSerializer):
    """Without `machine` it is the whole plan in force. `images`: each machine starts from its newest usable image,
    or from one that is drawn now from those before it; a machine that has none before it starts from its newest.
    """

    subscription = serializers.UUIDField()
    machine = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    images = serializers.ChoiceField(DrillImages.values, required=False, default=DrillImages.NEWEST.value)


def find_drill(actor: Actor, public_id: UUID) -> Drill:
    """The drill when the caller may read it; absent and foreign are the same."""
    found = drills_readable_by(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def _told(call: Call, row: Drill, status: int) -> Response:
    where = reverse("elaastic-api:drill", args=[row.public_id], request=call)
    return answer_single(call, row.public_id, drill_detail_shape(view(row)), status, Location=where)


class DrillList(ApiView):
    """The drills that the caller may see; beginning one."""

    policy = {"GET": READ, "POST": WRITE}
    parameters = DRILLS.parameters

    @extend_schema(
        operation_id="drills_list",
        parameters=row_parameters(DRILLS),
        responses=answers({200: page_of("DrillPage", DrillShape)}),
    )
    def get(self, request: Call) -> Response:
        """A page of drills, the newest first."""
        page = paginate(request, drills_readable_by(self.actor), DRILLS)
        page.data["items"] = [drill_shape(seen) for seen in views(item["row"] for item in page.data["items"])]
        return page

    @extend_schema(
        operation_id="drills_begin",
        parameters=[IDEMPOTENCY_KEY],
        request=DrillBody,
        responses=answers({202: DrillDetailShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call) -> Response:
        """Workers do the rest: follow `Location`."""
        body = read_body(DrillBody, request.data)
        made = drilling.begin_drill(
            subscription=self._subscription(body["subscription"]),
            machine=body["machine"],
            images=body["images"],
            by=self.actor,
        )
        return _told(request, find_drill(self.actor, made.public_id), 202)

    def _subscription(self, public_id: UUID) -> Subscription:
        found = subscriptions_readable_by(self.actor).filter(public_id=public_id).first()
        if found is None:
            raise Invalid(errors={"subscription": [NotFound.title]})
        return found


class DrillDetail(ApiView):
    """One drill."""

    policy = {"GET": READ}
    parameters = frozenset({"wait"})

    @extend_schema(
        operation_id="drills_read",
        parameters=[WAIT, IF_NONE_MATCH],
        responses=answers({200: DrillDetailShape, 304: None}, 404),
    )
    def get(self, request: Call, public_id: UUID) -> Response:
        """The drill as it is; with `wait`, as soon as its state or its stage changes."""
        find_drill(self.actor, public_id)

        def look() -> dict[str, Any]:
            return drill_detail_shape(view(find_drill(self.actor, public_id)))

        return answer_when_changed(request, public_id, look, ("state", "stage", "group"))


class DrillCancel(ApiView):
    """Stopping."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="drills_cancel",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=answers({202: DrillDetailShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID) -> Response:
        """No more is tried, and everything that was started is removed."""
        row = find_drill(self.actor, public_id)
        drilling.stop_drill(drill=row, by=self.actor)
        return _told(request, row, 202)


class DrillStepDone(ApiView):
    """What people do."""

    policy = {"POST": WRITE}

    @extend_schema(
        operation_id="drills_step_done",
        parameters=[STEP, IDEMPOTENCY_KEY],
        request=None,
        responses=answers({200: DrillDetailShape}, 404, 409, 413, 415, 422),
    )
    def post(self, request: Call, public_id: UUID, number: int) -> Response:
        """Somebody did it; the drill goes on once all of the group are done."""
        row = find_drill(self.actor, public_id)
        drilling.tick_off_step(drill=row, step=number, by=self.actor)
        return _told(request, row, 200)
