"""Every act that an address offers: who does it, with what, and what the trail says of it.

`tests.scene.stage` plays one; tests hold each against the rules that all must keep. A new address that takes a call
which changes something has its line here: the walk in tests/security/test_acts.py fails without.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone

from elaastic.forms_recovery import initial_of
from elaastic.levels import Mode
from elaastic.levels.level2 import DEFAULTS as DEFAULTS_2
from elaastic.levels.started import Started
from elaastic.models import Drill, Export, Interest, RecoveryPoint, Request, RestoreTest, Subscription
from elaastic.selectors.recovery_plans import plan_in_force
from elaastic.services import changing, exporting, failing_over, proving, talking
from elaastic.services.asking import withdraw_request
from elaastic.services.deciding import approve_request
from elaastic.services.recovery_plans import save_plan, write_first_plan
from provisioning.domain.findings import Findings, Found
from provisioning.models import Operation, PlatformState, Resource, Stack
from provisioning.services.clock import now
from tenants.models import LocalAuthority, Registration, User, WayIn
from tenants.services import mailing
from tenants.services.authorities import register_authority, suspend_authority, verify_authority
from tenants.services.invitations import invite, invite_to_region
from tenants.services.people import grant_region_role
from tests.elaastic.flow import TERMS
from tests.elaastic.region import workers_bring_everything_up, workers_make_plans
from tests.elaastic.views.pages import TYPED
from tests.personas import PASSWORD, details
from tests.scene.town import SAAS

if TYPE_CHECKING:
    from tests.scene.stage import Stage

SAID: Final = "Richiamata al numero del sindaco, vista la carta d'identità in video."
Made = Callable[["Stage"], Any]


@dataclass(frozen=True)
class Act:
    """`address` as `str(Address)`. `told`: the actions that the trail gains. `first`: what must have happened.

    `names`: what parameters of the address stand for, where it is not the furnished town's own thing.
    """

    address: str
    who: str
    told: tuple[str, ...]
    body: Made = field(default=lambda stage: {})
    method: str = "POST"
    first: Made = field(default=lambda stage: None)
    names: Mapping[str, Made] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.address} → {', '.join(self.told) or 'nothing'}"


# -- what must have happened -----------------------------------------------------------------------------------
def nothing_open(stage: "Stage") -> None:
    """The town's open request is withdrawn, and its drill has ended."""
    withdraw_request(request=stage.request(), by=stage.actor("owner"))
    drill_ended()


def drill_ended() -> None:
    moment = now()
    Operation.objects.update(verdict="stopped", judged_at=moment, ended_at=moment)
    Drill.objects.update(settled_at=moment)


def asked_by_region(stage: "Stage") -> None:
    talking.ask_information(request=stage.request(), text="Quanti archivi?", by=stage.actor("approver"))


def countered(stage: "Stage") -> None:
    terms = {**stage.request().terms, "quota_gib": 90}
    talking.counter(request=stage.request(), terms=terms, text="Poco spazio.", by=stage.actor("approver"))


def suspended(stage: "Stage") -> None:
    nothing_open(stage)
    changing.suspend(subscription=stage.subscription(), by=stage.actor("operator"))
    _carried_out()


def agreement_ends(stage: "Stage") -> None:
    nothing_open(stage)
    Subscription.objects.update(agreed_until=timezone.localdate() + timedelta(days=20))


def left(stage: "Stage") -> None:
    nothing_open(stage)
    asked = changing.leave(subscription=stage.subscription(), by=stage.actor("owner"))
    workers_make_plans()
    asked.refresh_from_db()
    approve_request(request=asked, plan_digest=asked.plan_digest, by=stage.actor("approver"))
    workers_bring_everything_up()
    Subscription.objects.update(kept_until=now() - timedelta(seconds=1))


def stuck(stage: "Stage") -> None:
    told = {"state": "blocked", "reason": "AmbiguousCreate", "message": "The answer to a create was lost."}
    Resource.objects.filter(name=f"archive-{stage.town.canary}").update(**told, external_id="")
    Stack.objects.filter(key=stage.town.subscription.stack_key).update(**told)


def with_machines(stage: "Stage", *machines: dict[str, Any]) -> None:
    """The town has level 2, and the plan that follows from it; no platform is asked for a plan."""
    terms = {**DEFAULTS_2, **stage.subscription().terms, "images_in": stage.town.canary}
    terms["machines"] = list(machines) or terms["machines"]
    Subscription.objects.filter(pk=stage.town.subscription.pk).update(level=2, terms=terms)
    write_first_plan(stage.subscription())


def to_be_drilled(stage: "Stage") -> None:
    """One machine with an image, a place for it, and nothing under way."""
    with_machines(stage, {**DEFAULTS_2["machines"][0], "name": stage.town.canary, "nature": "stateless"})
    row = stage.subscription()
    row.placement = {**row.placement, "platforms": {**row.placement["platforms"], "openstack": "cloud"}}
    row.save()
    Resource.objects.create(
        stack=Stack.objects.get(key=row.stack_key), name="reserve", kind="openstack.project", platform="cloud",
        state="ready", outputs={"project": "p1"},
    )  # fmt: skip
    RecoveryPoint.objects.update(state="usable", reason="", detail="", form="qcow2", sha512="0" * 128)
    drill_ended()


def to_fail_over(stage: "Stage") -> None:
    to_be_drilled(stage)
    withdraw_request(request=stage.request(), by=stage.actor("owner"))


def failing_over_now(stage: "Stage") -> None:
    to_fail_over(stage)
    failing_over.fail_over(subscription=stage.subscription(), by=stage.actor("owner"))


def failed_over(stage: "Stage") -> None:
    """As workers leave it, once the machine has answered."""
    failing_over_now(stage)
    asked, moment = Request.objects.filter(kind="fail_over"), now()
    asked.update(decision="approved", decided_by=stage.actor("owner").user, decided_at=moment, applied_at=moment)
    name = stage.town.canary
    found = Findings({name: Found(answered_at=moment.isoformat(), console="Debian\nlogin:")}, {}).as_json()
    Operation.objects.filter(kind="failover").update(
        verdict="passed", place=3, judged_at=moment, ended_at=moment, found=found
    )
    started = Started(name, 1, f"/spool/{name}", "0" * 128, "qcow2", "small")
    Subscription.objects.filter(pk=stage.town.subscription.pk).update(mode=Mode(failed_over=(started,)).as_json())


def exporting_now(stage: "Stage") -> None:
    """What stands is being brought home."""
    failed_over(stage)
    exporting.begin_export(subscription=stage.subscription(), by=stage.actor("owner"))


def exported(stage: "Stage") -> None:
    """It came home whole."""
    exporting_now(stage)
    name, moment = stage.town.canary, now()
    at = moment.isoformat()
    found = Found(
        asked_at=at, taken_at=at, brought_at=at, stored_at=at, form="qcow2", bytes=3 << 20, sha512="0" * 128,
        server="s1", key=f"{name}/failback-20261123T184105Z.qcow2",
    )  # fmt: skip
    Operation.objects.filter(kind="export").update(
        verdict="passed", place=3, judged_at=moment, ended_at=moment, found=Findings({name: found}, {}).as_json()
    )
    Export.objects.update(settled_at=moment)


def with_two_plans(stage: "Stage") -> None:
    with_machines(stage)
    document = {**plan_in_force(stage.subscription()).document, "notes": "Altro."}
    save_plan(subscription=stage.subscription(), document=document, seen=1, by=stage.actor("owner"))


def no_test_open(stage: "Stage") -> None:
    proving.stop_restore_test(test=RestoreTest.objects.get(), failed=False, by=stage.actor("owner"))


def to_be_restored(stage: "Stage") -> None:
    RestoreTest.objects.update(ready_at=now(), look_due=None)


def authority_suspended(stage: "Stage") -> None:
    suspend_authority(authority=stage.authority(), reason="Prova.", by=stage.actor("operator"))


def another_body(stage: "Stage") -> None:
    body = register_authority(details=details(400, kind="provincia"), by=stage.actor("operator"))
    verify_authority(authority=body, by=stage.actor("operator"))


def another_operator(stage: "Stage") -> None:
    grant_region_role(user=stage.pages.world["nobody"].user, role="operator", by=stage.actor("administrator"))


def way_confirmed(stage: "Stage") -> None:
    """The second half is known to the stage."""
    another_operator(stage)
    WayIn.objects.all().delete()
    stage.halves = stage.both_halves()


def pec_code_sent(stage: "Stage") -> None:
    mailing.tick()


def pec_code_sent_long_ago(stage: "Stage") -> None:
    mailing.tick()
    Registration.objects.update(sent_at=now() - timedelta(hours=2))


def to_check(stage: "Stage") -> None:
    Registration.objects.update(state="to_check", pec_proven_at=now())


def invited(stage: "Stage") -> None:
    invite(authority=stage.authority(), email="nobody@comune.example", role="viewer", by=stage.actor("owner"))
    stage.take_up_the_link("nobody", "nobody@comune.example")


def invited_anew(stage: "Stage") -> None:
    invite(authority=stage.authority(), email="anna@comune.example", role="viewer", by=stage.actor("owner"))
    stage.take_up_the_link("anonymous", "anna@comune.example")


def second_factor(stage: "Stage") -> None:
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=stage.actor("operator").user, type="totp", data={"secret": ""})


def invited_to_region(stage: "Stage") -> None:
    invite_to_region(email="nuova@region.example", role="auditor", by=stage.actor("administrator"))


def platform_held(stage: "Stage") -> None:
    PlatformState.objects.update_or_create(platform="ceph-test", defaults={"held_at": now()})


def nobody_asked_yet(stage: "Stage") -> None:
    Interest.objects.all().delete()


def _carried_out() -> None:
    from elaastic.services import planning

    workers_make_plans()
    planning.tick()
    workers_bring_everything_up()


# -- what is sent ----------------------------------------------------------------------------------------------
def _authority(serial: int) -> dict[str, Any]:
    told = details(serial)
    return {
        "name": told.name, "kind": told.kind, "ipa_code": told.ipa_code, "fiscal_code": told.fiscal_code,
        "istat_code": told.istat_code, "province": "AN", "pec": told.pec, "seat": {"address": "Piazza 1"},
        "security_contact": {"name": "Prima", "phone": "+39 071 123456"},
    }  # fmt: skip


def _registration(stage: "Stage") -> dict[str, str]:
    from tests.tenants.registering import typed

    return typed(410)


def _terms(stage: "Stage") -> dict[str, Any]:
    return {"terms": {**stage.subscription().terms, "quota_gib": 150}}


def _plan(stage: "Stage") -> dict[str, Any]:
    return {"document": {**plan_in_force(stage.subscription()).document, "notes": "La chiave è dal sindaco."}}


def _typed_plan(stage: "Stage") -> dict[str, str]:
    plan = plan_in_force(stage.subscription())
    typed = {name: str(value) for name, value in initial_of(plan.document, plan.version).items()}
    counts = {"groups": "1", "groups-0-before": "0", "contacts": "0", "checks-files": "1"}
    return {**typed, **counts, "notes": "La chiave è dal sindaco.", "step": "save"}


MACHINES: Final = {
    "machine-rows": "1", "machine-0-name": "files", "machine-0-nature": "stateful", "machine-0-vcpus": "2",
    "machine-0-ram_gib": "4", "machine-0-disk_gib": "100", "machine-0-boot_group": "1", "machine-0-interval": "168",
    "lan": "192.168.7.0/24", "images_in": "0", "rpo_hours": "168", "rto_hours": "24", "drill_months": "6",
}  # fmt: skip


def _typed_step_up(stage: "Stage") -> dict[str, str]:
    return {**_typed_terms(stage), **MACHINES}


def _counter(stage: "Stage") -> dict[str, Any]:
    return {"terms": {**stage.request().terms, "quota_gib": 90}, "note": "Poco spazio."}


def _digest(stage: "Stage") -> dict[str, str]:
    return {"plan_digest": stage.request().plan_digest, "note": "Bene."}


def _counter_digest(stage: "Stage") -> dict[str, str]:
    return {"counter_digest": talking.digest_of(stage.request())}


def _mandate(stage: "Stage") -> dict[str, str]:
    body = LocalAuthority.objects.get(ipa_code="c_p400")
    until = timezone.localdate() + timedelta(days=10)
    return {"body": str(body.public_id), "role": "viewer", "until": until.isoformat(), "letter": "n. 1"}


def _sum(stage: "Stage") -> dict[str, str]:
    return {"sha256": RestoreTest.objects.latest("pk").sha256}


def _typed_terms(stage: "Stage") -> dict[str, str]:
    name = stage.town.canary
    return {
        "rows": "1", "quota_gib": "150", "retention_days": "30", "archive-0-name": name, "archive-0-interval": "24",
        "step": "send",
    }  # fmt: skip


def _many(stage: "Stage") -> dict[str, Any]:
    one = stage.request()
    id = str(one.public_id)
    return {"request": id, f"digest-{id}": one.plan_digest, "step": "approved", "note": "Bene."}


def _sheet(stage: "Stage") -> dict[str, str]:
    row = details(420)
    head = "name,kind,ipa_code,fiscal_code,istat_code,province,pec"
    cells = (row.name, row.kind, row.ipa_code, row.fiscal_code, row.istat_code, "AN", row.pec)
    return {"text": head + "\n" + ",".join(cells), "step": "send"}


def _letter(stage: "Stage") -> dict[str, Any]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return {"papers": SimpleUploadedFile("lettera.pdf", b"%PDF-1.7 una lettera", "application/pdf")}


def _halves(stage: "Stage") -> dict[str, str]:
    first, second = stage.halves
    return {"ipa_code": stage.town.authority.ipa_code, "first": first, "second": second}


def _always(**body: Any) -> Made:
    return lambda stage: dict(body)


def _pending(stage: "Stage") -> Any:
    return stage.pages.world.pending.public_id


def _person(name: str) -> Made:
    return lambda stage: User.objects.get(email=name).public_id


def _invited(stage: "Stage") -> Any:
    from tenants.models import Invitation

    return Invitation.objects.latest("pk").public_id


_ASK: Final = {"authority": lambda s: str(s.pages.world.other.public_id), "level": 1, "terms": TERMS}
_TOKEN: Final = {"name": "rapporto", "scopes": ["authorities:read"], "authority": "", "days": "30"}
_NEW: Final = {"email": "nuova@prova.example", "role": "viewer"}
_SECOND: Final = {"identified": SAID}

S, R, A = "subscriptions/<uuid:public_id>/", "requests/<uuid:public_id>/", "authorities/<uuid:public_id>/"
K, C = "stacks/<slug:key>/", "console/<slug:key>/"
D = "operations/drills/<uuid:public_id>/"
O = "operations/<uuid:public_id>/"  # noqa: E741 - beside S, R and A
KEY = S + "credentials/<slug:name>/"

OF_THE_API: Final[tuple[Act, ...]] = (
    Act("api tokens/", "owner", ("token.issued",), _always(scopes=["authorities:read"])),
    Act("api tokens/<uuid:public_id>/", "owner", ("token.revoked",), method="DELETE"),
    Act("api authorities/", "nobody", ("authority.registered",), lambda s: _authority(401)),
    Act(f"api {A}", "owner", ("authority.updated",), _always(population=4321), "PATCH"),
    Act(f"api {A}verify/", "operator", ("authority.verified",), names={"public_id": _pending}),
    Act(f"api {A}suspend/", "operator", ("authority.suspended",), _always(reason="Prova.")),
    Act(f"api {A}resume/", "operator", ("authority.resumed",), first=authority_suspended),
    Act(f"api {A}members/<uuid:person>/", "owner", ("member.added",), _always(role="operator"), "PATCH"),
    Act(f"api {A}members/<uuid:person>/", "owner", ("member.removed",), method="DELETE"),
    Act(f"api {A}invitations/", "owner", ("invitation.made",), _always(**_NEW)),
    Act(f"api {A}invitations/<uuid:invitation>/", "owner", ("invitation.withdrawn",), method="DELETE"),
    Act(f"api {A}mandates/", "owner", ("mandate.given",), _mandate, first=another_body),
    Act(f"api {A}mandates/<uuid:mandate>/", "owner", ("mandate.ended",), method="DELETE"),
    Act("api authorities/bulk/", "onboarding", ("authority.registered",), lambda s: [_authority(402)]),
    Act("api recommendations/", "owner", ("interest.recorded",), _always(**SAAS), first=nobody_asked_yet),
    Act("api estimates/", "owner", (), _always(level=1, terms=TERMS)),
    Act("api subscriptions/", "stranger", ("subscription.start_requested",),
        lambda s: {**_ASK, "authority": _ASK["authority"](s)}),
    Act(f"api {S}", "owner", ("subscription.change_requested",), _terms, "PATCH", nothing_open),
    Act(f"api {S}", "owner", ("subscription.end_requested",), method="DELETE", first=nothing_open),
    Act(f"api {S}", "owner", ("subscription.fail_over_requested", "failover.begun"), _always(failed_over=True),
        "PATCH", to_fail_over),
    Act(f"api {S}", "owner", ("subscription.fail_back_requested",), _always(failed_over=False), "PATCH",
        failed_over),
    Act(f"api {S}failover/cancel/", "owner", ("failover.called_off",), first=failing_over_now),
    Act(f"api {S}failover/review/", "approver", ("failover.reviewed",), _always(text="Una piena vera."),
        first=failed_over),
    Act(f"api {S}failover/export/", "owner", ("export.begun",), first=failed_over),
    Act(f"api {S}failover/export/cancel/", "owner", ("export.stopped",), first=exporting_now),
    Act(f"api {KEY}reveal/", "owner", ("credential.revealed",)),
    Act(f"api {KEY}rotate/", "owner", ("subscription.keys_requested",), first=nothing_open),
    Act(f"api {KEY}revoke/", "owner", ("subscription.keys_requested",), first=nothing_open),
    Act(f"api {S}renew/", "owner", ("subscription.renew_requested",), first=agreement_ends),
    Act(f"api {S}suspend/", "operator", ("subscription.suspend_requested",), first=nothing_open),
    Act(f"api {S}resume/", "operator", ("subscription.resume_requested",), first=suspended),
    Act(f"api {S}purge/", "owner", ("subscription.purge_requested",), first=left),
    Act(f"api {R}approve/", "approver", ("request.approved",), _digest),
    Act(f"api {R}reject/", "approver", ("request.rejected",), _always(note="No.")),
    Act(f"api {R}ask/", "approver", ("request.information_asked",), _always(text="Quanti?")),
    Act(f"api {R}answer/", "owner", ("request.answered",), _always(text="Due."), first=asked_by_region),
    Act(f"api {R}counter/", "approver", ("request.countered",), _counter),
    Act(f"api {R}accept/", "owner", ("request.counter_accepted",), _counter_digest, first=countered),
    Act(f"api {R}withdraw/", "owner", ("request.withdrawn",)),
    Act("api requests/decisions/", "approver", ("request.approved",),
        lambda s: [{"request": str(s.town.request.public_id), "decision": "approved", **_digest(s)}]),
    Act("api operations/", "owner", ("restore_test.begun",),
        lambda s: {"kind": "restore_test", "subscription": str(s.town.subscription.public_id), "tool": "restic"},
        first=no_test_open),
    Act("api operations/drills/", "owner", ("drill.begun",),
        lambda s: {"subscription": str(s.town.subscription.public_id)}, first=to_be_drilled),
    Act(f"api {D}cancel/", "owner", ("drill.stopped",)),
    Act(f"api {D}steps/<int:number>/done/", "owner", ("drill.step_done",)),
    Act(f"api {O}answer/", "owner", ("restore_test.ended",), _sum, first=to_be_restored),
    Act(f"api {O}cancel/", "owner", ("restore_test.ended",)),
    Act("api recovery-plans/<uuid:public_id>/", "owner", ("recovery_plan.saved",), _plan, "PATCH",
        with_machines),
    Act("api registrations/<uuid:public_id>/approve/", "operator",
        ("authority.registered", "invitation.made", "registration.accepted"), _always(note="Bene."),
        first=to_check),
    Act("api registrations/<uuid:public_id>/reject/", "operator", ("registration.refused",), _always(reason="No."),
        first=to_check),
    Act(f"api {K}retry/", "operator", ("stack.retried",), first=stuck),
    Act(f"api {K}adopt/", "operator", ("stack.adopted",),
        lambda s: {"resource": f"archive-{s.town.canary}", "external_id": "obj-1"}, first=stuck),
)  # fmt: skip

OF_THE_PAGES: Final[tuple[Act, ...]] = (
    Act("register/", "anonymous", ("registration.sent",), _registration),
    Act("register/<uuid:public_id>/", "anonymous", ("registration.pec_proven",),
        lambda s: {"code": s.pec_code()}, first=pec_code_sent),
    Act("register/<uuid:public_id>/again/", "anonymous", ("registration.code_asked",),
        first=pec_code_sent_long_ago),
    Act("register/<uuid:public_id>/letter/", "anonymous", ("registration.letter_sent",), _letter),
    Act("registrations/<uuid:public_id>/", "operator",
        ("authority.registered", "invitation.made", "registration.accepted"),
        _always(answer="yes", words="Bene."), first=to_check),
    Act("registrations/<uuid:public_id>/", "operator", ("registration.refused",), _always(words="No."),
        first=to_check),
    Act("invitation/", "nobody", ("invitation.accepted",), first=invited),
    Act("invitation/", "anonymous", ("invitation.accepted", "person.joined"),
        _always(full_name="Anna Nuova", password1=PASSWORD, password2=PASSWORD), first=invited_anew),
    Act("people/", "administrator", ("invitation.made",), _always(email="nuova@region.example", role="auditor")),
    Act("people/<uuid:person>/roles/<slug:role>/take/", "administrator", ("region_role.taken",),
        names={"person": _person("operator@region.example")}),
    Act("people/<uuid:person>/second-factor/reset/", "administrator", ("second_factor.reset",),
        names={"person": _person("operator@region.example")}, first=second_factor),
    Act("people/invitations/<uuid:invitation>/withdraw/", "administrator", ("invitation.withdrawn",),
        first=invited_to_region, names={"invitation": _invited}),
    Act("tokens/new/", "owner", ("token.issued",), _always(**_TOKEN)),
    Act("tokens/new/<uuid:holder>/", "owner", ("token.issued",), _always(**_TOKEN)),
    Act("tokens/<uuid:public_id>/revoke/", "owner", ("token.revoked",)),
    Act("programs/new/", "owner", ("service_account.opened",),
        lambda s: {"name": "Script", "place": str(s.town.authority.public_id), "role": "viewer"}),
    Act("programs/<uuid:holder>/close/", "owner", ("service_account.closed",)),
    Act(f"{A}people/", "owner", ("invitation.made",), _always(**_NEW)),
    Act(f"{A}people/<uuid:person>/", "owner", ("member.added",), _always(role="operator")),
    Act(f"{A}people/<uuid:person>/end/", "owner", ("member.removed",)),
    Act(f"{A}invitations/<uuid:invitation>/withdraw/", "owner", ("invitation.withdrawn",)),
    Act(f"{A}mandates/new/", "owner", ("mandate.given",), _mandate, first=another_body),
    Act(f"{A}mandates/<uuid:mandate>/end/", "owner", ("mandate.ended",)),
    Act(f"{A}verify/", "operator", ("authority.verified",), names={"public_id": _pending}),
    Act(f"{A}suspend/", "operator", ("authority.suspended",), _always(reason="Prova.")),
    Act(f"{A}resume/", "operator", ("authority.resumed",), first=authority_suspended),
    Act(f"{A}ways-in/new/", "operator", ("emergency.opened",),
        _always(kind="emergency", person_name="Sindaca Salva", identified=SAID),
        first=lambda s: WayIn.objects.all().delete()),
    Act("ways-in/<uuid:public_id>/", "nobody", ("emergency.confirmed",), _always(**_SECOND),
        first=another_operator),
    Act("ways-in/<uuid:public_id>/close/", "operator", ("emergency.closed",)),
    Act("emergency/", "anonymous", ("credential.revealed", "emergency.used"), _halves, first=way_confirmed),
    Act("choose/", "owner", ("interest.recorded",), _always(**SAAS), first=nobody_asked_yet),
    Act("subscriptions/new/", "stranger", ("subscription.start_requested",),
        lambda s: {**TYPED, "authority": _ASK["authority"](s), "step": "send"}),
    Act("subscriptions/new/<int:level>/", "stranger", ("subscription.start_requested",),
        lambda s: {**TYPED, **MACHINES, "authority": _ASK["authority"](s), "step": "send"}),
    Act(f"{S}change/", "owner", ("subscription.change_requested",), _typed_terms, first=nothing_open),
    Act(f"{S}step-up/<int:level>/", "owner", ("subscription.change_requested",), _typed_step_up,
        first=nothing_open),
    Act(f"{S}drills/", "owner", ("drill.begun",), first=to_be_drilled),
    Act(f"{S}failover/", "owner", ("subscription.fail_over_requested", "failover.begun"),
        lambda s: {"authority_name": s.town.authority.name}, first=to_fail_over),
    Act(f"{S}failover/call-off/", "owner", ("failover.called_off",), first=failing_over_now),
    Act(f"{S}failover/review/", "approver", ("failover.reviewed",), _always(text="Una piena vera."),
        first=failed_over),
    Act(f"{S}failover/end/", "owner", ("subscription.fail_back_requested",),
        lambda s: {"authority_name": s.town.authority.name}, first=failed_over),
    Act(f"{S}failover/export/", "owner", ("export.begun",), first=failed_over),
    Act(f"{S}failover/export/stop/", "owner", ("export.stopped",), first=exporting_now),
    Act("drills/<uuid:public_id>/stop/", "owner", ("drill.stopped",)),
    Act("drills/<uuid:public_id>/steps/<int:number>/", "owner", ("drill.step_done",)),
    Act(f"{S}recovery-plan/edit/", "owner", ("recovery_plan.saved",), _typed_plan, first=with_machines),
    Act(f"{S}recovery-plan/versions/<int:number>/", "owner", ("recovery_plan.saved",), first=with_two_plans),
    Act(f"{S}leave/", "owner", ("subscription.end_requested",),
        lambda s: {"authority_name": s.town.authority.name}, first=nothing_open),
    Act(f"{S}purge/", "owner", ("subscription.purge_requested",),
        lambda s: {"authority_name": s.town.authority.name}, first=left),
    Act(f"{S}renew/", "owner", ("subscription.renew_requested",), first=agreement_ends),
    Act(f"{S}suspend/", "operator", ("subscription.suspend_requested",), first=nothing_open),
    Act(f"{S}resume/", "operator", ("subscription.resume_requested",), first=suspended),
    Act(f"{KEY}rotate/", "owner", ("subscription.keys_requested",), first=nothing_open),
    Act(f"{KEY}revoke/", "owner", ("subscription.keys_requested",), first=nothing_open),
    Act(KEY, "owner", ("credential.revealed",)),
    Act(f"{S}kit/", "owner", ("kit.printed",)),
    Act(f"{S}look/", "owner", ("arrivals.looked_at",)),
    Act(f"{S}proof/", "owner", ("restore_test.begun",),
        lambda s: {"archive": s.town.canary, "tool": "restic"}, first=no_test_open),
    Act(f"{S}proof/answer/", "owner", ("restore_test.ended",), _sum, first=to_be_restored),
    Act(f"{S}proof/stop/", "owner", ("restore_test.ended",)),
    Act(f"{R}approve/", "approver", ("request.approved",), _digest),
    Act(f"{R}reject/", "approver", ("request.rejected",), _always(note="No.")),
    Act(f"{R}withdraw/", "owner", ("request.withdrawn",)),
    Act(f"{R}ask/", "approver", ("request.information_asked",), _always(text="Quanti?")),
    Act(f"{R}answer/", "owner", ("request.answered",), _always(text="Due."), first=asked_by_region),
    Act(f"{R}counter/", "approver", ("request.countered",),
        _always(quota_gib="90", retention_days="30", note="Poco spazio.")),
    Act(f"{R}accept/", "owner", ("request.counter_accepted",), _counter_digest, first=countered),
    Act("requests/decisions/", "approver", ("request.approved",), _many),
    Act("console/platforms/<slug:platform>/accept/", "operator", ("platform.accepted",), first=platform_held),
    Act(f"{C}retry/", "operator", ("stack.retried",), first=stuck),
    Act(f"{C}look/", "operator", ("stack.looked_at",)),
    Act(f"{C}adopt/<slug:resource>/", "operator", ("stack.adopted",),
        _always(external_id="obj-1", certain="on"), first=stuck),
    Act("onboarding/", "operator", ("authority.registered",), _sheet),
)  # fmt: skip

ACTS: Final = (*OF_THE_API, *OF_THE_PAGES)
