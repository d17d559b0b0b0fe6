"""The one next thing of a subscription: what it is, whose it is, and where it is done."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from elaastic.freshness import Freshness, Machine, Watched
from elaastic.levels import Mode
from elaastic.models import Request, RequestKind, RequestState, Subscription, SubscriptionState
from elaastic.selectors.readings import PROVEN_FOR
from elaastic.selectors.subscriptions import Overview, live_subscription, state_of
from elaastic.views import words
from elaastic.views.condition_words import whose_move
from provisioning.domain.conditions import NEEDS_HUMAN, State
from provisioning.services.clock import now


@dataclass(frozen=True)
class NextStep:
    """The one next thing, whose it is, and where it is done. `tone` is a callout's colour."""

    title: str
    text: str
    tone: str = "info"
    url: str = ""
    label: str = ""


def next_step(seen: Overview, watched: Iterable[Watched] = (), *, may_act: bool) -> NextStep:
    """The order of the questions is the rule: a decision, then what is being built, then what is to be done."""
    row = seen.subscription
    if seen.open_request is not None and seen.open_request.question_at is not None:
        return _while_questioned(seen.open_request)
    if seen.open_request is not None and not row.approved_at:
        return _while_asked(seen)
    if seen.state == SubscriptionState.REJECTED:
        return _once_rejected(row, may_act=may_act)
    if seen.state == SubscriptionState.ENDED:
        return NextStep(_("This subscription has ended."), _("Nothing is to be done."), "idle")
    if row.mode.get("failed_over") or (seen.open_request and seen.open_request.kind == RequestKind.FAIL_OVER):
        return _while_failed_over(row)
    if seen.condition.state in NEEDS_HUMAN:
        return _while_stuck(seen)
    if seen.state == SubscriptionState.LEAVING:
        return _while_leaving(seen)
    if seen.state in (SubscriptionState.APPROVED, SubscriptionState.PROVISIONING, SubscriptionState.CHANGING):
        return NextStep(
            _("The region said yes: your space is being prepared."),
            _("You need not do anything. It usually takes less than a minute; you may close this page."),
        )
    if seen.state == SubscriptionState.SUSPENDED and Mode.parse(row.mode).expired:
        return NextStep(
            _("Nothing new is copied: the agreement has run out."),
            _(
                "Nothing is deleted, and you can still restore. Writing goes on when the region agrees to the "
                "renewal."
            ),
            "warn", reverse("renew", args=[row.public_id]) if may_act else "", _("Renew the agreement…"),
        )  # fmt: skip
    if seen.state == SubscriptionState.SUSPENDED:
        return NextStep(
            _("The subscription is suspended."), _("Nothing new is written; you can still restore."), "warn"
        )
    return _once_active(seen, list(watched), may_act=may_act)


def _while_failed_over(row: Subscription) -> NextStep:
    return NextStep(
        _("Your machines are on the region's reserve, for real."),
        _("How far each is, how long it took, and how they go again when your own are back, stands on their page."),
        "warn", reverse("failover", args=[row.public_id]), _("Follow the failover"),
    )  # fmt: skip


def being_deleted(seen: Overview) -> bool:
    """What was kept goes now, as approved: nothing is left to ask for."""
    row = seen.subscription
    passed = row.kept_until is not None and row.kept_until <= now()
    return passed and seen.condition.state in (State.PENDING, State.PROGRESSING)


def _while_leaving(seen: Overview) -> NextStep:
    row = seen.subscription
    assert row.kept_until is not None
    if being_deleted(seen):
        return NextStep(
            _("What was kept is being deleted, as approved."),
            _("With many copies it takes a while; below it says how much is left. You need not do anything."),
        )
    said = {"day": date_format(row.kept_until, "d/m/Y")}
    if row.kept_until > now():
        return NextStep(
            _("Nothing new is copied; what was copied is kept until %(day)s.") % said,
            _("The restore key works until then: take away what you need."),
            "warn",
        )
    return NextStep(
        _("What was copied was kept until %(day)s, as promised.") % said,
        _("Nothing is deleted by itself: ask for the deletion when you have what you need."),
        "warn",
        reverse("purge", args=[row.public_id]),
        _("Delete what was kept…"),
    )


def _once_rejected(row: Subscription, *, may_act: bool) -> NextStep:
    title, live = _("This request did not become a subscription."), live_subscription(row.authority)
    if live is not None:
        url = reverse("subscription", args=[live.public_id])
        return NextStep(title, _("The authority has another one since."), "warn", url, _("Open the subscription"))
    text = _("Read the reason; you can ask again at any time.")
    return NextStep(title, text, "warn", reverse("ask") if may_act else "", _("Ask again"))


def _while_questioned(asked: Request) -> NextStep:
    url = reverse("request", args=[asked.public_id])
    if asked.counter:
        return NextStep(
            _("The region proposes other terms for your request."),
            _("Read them: you accept with one click, or say why not."),
            "warn", url, _("See the proposal"),
        )  # fmt: skip
    return NextStep(
        _("The region asks you something about your request."),
        _("It goes on deciding when you have answered."),
        "warn", url, _("Read and answer"),
    )  # fmt: skip


def _while_asked(seen: Overview) -> NextStep:
    asked = seen.open_request
    assert asked is not None
    url = reverse("request", args=[asked.public_id])
    if asked.planning_problem == "NoRoom":
        return NextStep(
            _("It does not fit at present."),
            _("The region must make room; the portal looks again every five minutes. You need not do anything."),
            "warn", url, _("See the request"),
        )  # fmt: skip
    if state_of(asked) == RequestState.PLANNING:
        return NextStep(
            _("The portal is preparing the plan."), _("It takes a few seconds."), "info", url, _("See the request")
        )
    return NextStep(
        _("It is the region's move: it reads the plan and decides."),
        _("You need not do anything. The plan is open to you too."),
        "info", url, _("See the plan"),
    )  # fmt: skip


def _while_stuck(seen: Overview) -> NextStep:
    if whose_move(seen.condition) == "nobody":
        return NextStep(
            _("It is us, not you: a platform of the region does not answer."),
            _("The portal goes on trying by itself; nothing that you asked for is lost. You need not do anything."),
            "warn",
        )
    return NextStep(
        _("Something has stopped, and it is the region's move."),
        _("The region's operators see it in their list. You need not do anything."),
        "warn",
    )


def _once_active(seen: Overview, watched: list[Watched], *, may_act: bool) -> NextStep:
    late = next((one for one in watched if one.state == Freshness.LATE), None)
    waiting = seen.to_collect
    if waiting and may_act:
        return NextStep(
            _("Your space is ready: collect the credentials."),
            _("Each secret is shown once only. Have the place ready where you will keep it."),
            "good",
            reverse("reveal", args=[seen.subscription.public_id, waiting.name]),
            _("Collect: %(name)s") % {"name": words.CREDENTIALS[waiting.name][0]},
        )
    if waiting:
        return NextStep(
            _("Your space is ready."),
            _("The credentials are collected by somebody who acts for the authority: its owner or an operator."),
            "good",
        )
    if isinstance(late, Machine):
        return _late_image(seen.subscription, late)
    if late is not None:
        since = date_format(localtime(late.newest_at or late.late_at), "d/m/Y, H:i")
        asks = _("Nothing new arrived in “%(archive)s” since %(since)s. Did the program run, and what did it say?")
        title = _("A copy is late: look at your backup program.")
        return NextStep(title, asks % {"archive": late.name, "since": since}, "bad")
    refused = next((one for one in watched if isinstance(one, Machine) and one.refused), None)
    if refused is not None:
        return _refused_image(seen.subscription, refused)
    if seen.drill is not None and seen.drill.due and any(one.newest_at for one in watched):
        return _once_due(seen.subscription)
    return _once_fresh(seen.subscription, watched, may_act=may_act)


def _once_due(row: Subscription) -> NextStep:
    text = _(
        "The portal begins it by itself, by night. If it cannot, the page of the drills says whose move it is."
    )
    url = reverse("drills", args=[row.public_id])
    return NextStep(_("A drill of the recovery plan is due."), text, "warn", url, _("See the drills"))


def _late_image(row: Subscription, late: Machine) -> NextStep:
    said = {"machine": late.name}
    text = _("Nothing that it could start from has arrived for longer than was agreed. Did the export run?")
    if late.newest_at is not None:
        said["since"] = date_format(localtime(late.newest_at), "d/m/Y, H:i")
        text = _("It would start from the image of %(since)s, which is older than was agreed. Did the export run?")
    title = _("The image of the machine “%(machine)s” is late.") % said
    return NextStep(title, text % said, "bad", *_to_images(row, late))


def _refused_image(row: Subscription, refused: Machine) -> NextStep:
    title = _("The newest image of the machine “%(machine)s” was refused.") % {"machine": refused.name}
    text = _("The machine would not start from it. Read why, mend the export, and upload it again.")
    return NextStep(title, text, "warn", *_to_images(row, refused))


def _to_images(row: Subscription, machine: Machine) -> tuple[str, str]:
    return reverse("machine_images", args=[row.public_id, machine.name]), _("See its images")


def _once_fresh(row: Subscription, watched: Iterable[Watched], *, may_act: bool) -> NextStep:
    """Nothing is late: is there a copy, and was it ever restored?"""
    url, label = reverse("proof", args=[row.public_id]), _("Prove that you can restore")
    if row.verified_at and now() - row.verified_at <= PROVEN_FOR:
        day = date_format(localtime(row.verified_at), "d/m/Y")
        text = _("A restore was proven on %(day)s. Nothing is to be done.") % {"day": day}
        return NextStep(_("Your copies arrive, and they come back."), text, "good")
    if not any(one.newest_at for one in watched):
        return NextStep(
            _("Make the first copy, then try to restore it."),
            _("A backup that was never restored is only a hope: take one file back with the restore key, today."),
            "good",
        )
    text = _("It takes a quarter of an hour: the portal says what to restore, and compares what comes out.")
    title = _("Copies arrive. Now prove that they come back.")
    if row.verified_at:
        title = _("The last proven restore is more than a year ago: prove it again.")
    return NextStep(title, text, "warn", url if may_act else "", label)
