"""A recovery plan in words: its parts by name, what two versions differ in, and why one no longer fits."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from elaastic.forms_recovery import WHO
from elaastic.levels.recovery import Finding
from elaastic.levels.recovery_schema import PAGE
from elaastic.models import RecoveryPlan
from elaastic.selectors.drills_due import drill_due
from elaastic.selectors.recovery_plans import why_stale
from elaastic.selectors.sentences import PLAN_FINDINGS
from elaastic.views.machines import machine_words, site_name

Document = Mapping[str, Any]


def reasons(plan: RecoveryPlan) -> list[str]:
    """Why it no longer fits, a sentence each."""
    found = why_stale(plan, drill_due(plan.subscription))
    return list(dict.fromkeys(sentence(finding) for finding in found))


def sentence(finding: Finding) -> str:
    """One finding; a site is called by its name."""
    about = site_name(finding.about) if finding.code == "reserve_moved" else finding.about
    return str(PLAN_FINDINGS[finding.code] % {"about": about})


def duration(seconds: int) -> str:
    """`90 s`, or `5 min` where it comes out even."""
    if seconds >= 60 and seconds % 60 == 0:
        return _("%(count)s min") % {"count": seconds // 60}
    return _("%(count)s s") % {"count": seconds}


def check_words(check: Document) -> str:
    """What is looked at, and for how long."""
    within = {"within": duration(check["within_seconds"])}
    if check["kind"] == "console":
        return _("“%(text)s” appears on the console within %(within)s") % {"text": check["text"], **within}
    if check["kind"] == "tcp":
        return _("port %(port)s is open within %(within)s") % {"port": check["port"], **within}
    if check["kind"] == "http":
        page = f":{check['port']}{check.get('path', PAGE)}"
        return _("the page %(page)s comes within %(within)s") % {"page": page, **within}
    return _("the agent in the machine answers within %(within)s") % within


def who_words(who: str) -> str:
    """Whose people."""
    return str(dict(WHO)[who])


def plan_groups(plan: RecoveryPlan) -> list[dict[str, Any]]:
    """The groups as the page shows them."""
    machines = {machine["name"]: machine for machine in plan.subscription.terms.get("machines", ())}
    return [
        {
            "number": number,
            "pause": duration(group["pause_seconds"]) if group["pause_seconds"] else "",
            "before": [(action["text"], who_words(action["who"])) for action in group["before"]],
            "machines": [
                (name, machine_words(machines.get(name)), [check_words(c) for c in plan.document["checks"][name]])
                for name in group["machines"]
            ],
        }
        for number, group in enumerate(plan.document["groups"], start=1)
    ]


def parts(document: Document) -> dict[str, str]:
    """Name of a part → what it says, in the order of the paper: what two versions are compared by."""
    found: dict[str, str] = {}
    for number, group in enumerate(document["groups"], start=1):
        found[_("Group %(number)s") % {"number": number}] = ", ".join(group["machines"]) or "–"
        if group["pause_seconds"]:
            found[_("Pause before group %(number)s") % {"number": number}] = duration(group["pause_seconds"])
        if group["before"]:
            acts = [f"{action['text']} ({who_words(action['who'])})" for action in group["before"]]
            found[_("Before group %(number)s") % {"number": number}] = "; ".join(acts)
    for name in sorted(document["checks"]):
        checks = "; ".join(map(check_words, document["checks"][name]))
        found[_("Checks of “%(name)s”") % {"name": name}] = checks
    for number, contact in enumerate(document["contacts"], start=1):
        told = [contact[part] for part in ("name", "role", "phone", "email") if contact[part]]
        found[_("Contact %(number)s") % {"number": number}] = ", ".join(told)
    if document["notes"]:
        found[_("Notes")] = document["notes"]
    return found


def differences(before: Document, after: Document) -> list[tuple[str, str, str]]:
    """(part, before, after) of whatever is not the same; '' where there is no such part."""
    old, new = parts(before), parts(after)
    names = [*new, *(name for name in old if name not in new)]
    return [(n, old.get(n, ""), new.get(n, "")) for n in names if old.get(n) != new.get(n)]


def changed_parts(before: RecoveryPlan | None, after: RecoveryPlan) -> str:
    """What a version changed, in a line."""
    if before is None:
        return _("Made by itself from the subscription's terms.") if after.by is None else ""
    found = [name for name, _old, _new in differences(before.document, after.document)]
    return ", ".join(found) or _("Nothing but what it was written for: addresses or site.")
