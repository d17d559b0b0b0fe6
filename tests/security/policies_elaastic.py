"""The addresses of `elaastic`: who gets past the gate of each. See `policies.py` for the shape."""

from typing import Final

ROLES: Final = frozenset(
    {"owner", "viewer", "stranger", "nobody", "operator", "approver", "auditor", "administrator", "onboarding"}
)
# All but the token whose one scope is authorities:read. Whose object it is comes after the gate.
WIDE: Final = ROLES | {"narrowed_token"}
# Who looks behind the curtain.
REGION: Final = frozenset({"operator", "approver", "auditor", "administrator", "onboarding"})
# Whoever asks is let in; a token that opens nothing is refused even here.
PUBLIC: Final = WIDE | {"scoped_token", "anonymous"}

API_POLICIES: Final[dict[str, dict[str, frozenset[str]]]] = {
    "levels/": {"GET": PUBLIC},
    "levels/<int:number>/": {"GET": PUBLIC},
    "subscriptions/": {"GET": WIDE, "POST": WIDE},
    "subscriptions/<uuid:public_id>/": {"GET": WIDE, "PATCH": WIDE, "DELETE": WIDE},
    "subscriptions/<uuid:public_id>/resources/": {"GET": WIDE},
    "subscriptions/<uuid:public_id>/events/": {"GET": WIDE},
    "subscriptions/<uuid:public_id>/credentials/": {"GET": WIDE},
    "subscriptions/<uuid:public_id>/credentials/<slug:name>/reveal/": {"POST": WIDE},
    "subscriptions/<uuid:public_id>/credentials/<slug:name>/rotate/": {"POST": WIDE},
    "subscriptions/<uuid:public_id>/credentials/<slug:name>/revoke/": {"POST": WIDE},
    "subscriptions/<uuid:public_id>/health/": {"GET": WIDE},
    "subscriptions/<uuid:public_id>/usage/": {"GET": WIDE},
    "subscriptions/<uuid:public_id>/suspend/": {"POST": WIDE},
    "subscriptions/<uuid:public_id>/resume/": {"POST": WIDE},
    "subscriptions/<uuid:public_id>/purge/": {"POST": WIDE},
    "subscriptions/<uuid:public_id>/client-config/": {"GET": WIDE},
    "requests/": {"GET": WIDE},
    "requests/<uuid:public_id>/": {"GET": WIDE},
    "requests/<uuid:public_id>/plan/": {"GET": WIDE},
    "requests/<uuid:public_id>/approve/": {"POST": WIDE},
    "requests/<uuid:public_id>/reject/": {"POST": WIDE},
    "requests/<uuid:public_id>/withdraw/": {"POST": WIDE},
    "capacity/": {"GET": REGION},
    "platforms/": {"GET": REGION},
    "orphans/": {"GET": REGION},
    "stacks/": {"GET": REGION},
    # A stack is somebody's object: whoever may not see it is told 404, not 403.
    "stacks/<slug:key>/": {"GET": WIDE},
    "stacks/<slug:key>/resources/": {"GET": WIDE},
    "stacks/<slug:key>/events/": {"GET": WIDE},
    "stacks/<slug:key>/retry/": {"POST": WIDE},
    "stacks/<slug:key>/adopt/": {"POST": WIDE},
}
PAGE_POLICIES: Final[dict[str, str]] = {
    "privacy": "anybody",
    "legal-notes": "anybody",
    "accessibility": "anybody",
    "contacts": "anybody",
    # The pages of the flow; tests/elaastic/views plays each with every persona.
    "": "anybody",
    "subscriptions/": "signed-in",
    "subscriptions/new/": "signed-in",
    "subscriptions/<uuid:public_id>/": "signed-in",
    "subscriptions/<uuid:public_id>/live/": "signed-in",
    "subscriptions/<uuid:public_id>/events/": "signed-in",
    "subscriptions/<uuid:public_id>/change/": "signed-in",
    "subscriptions/<uuid:public_id>/leave/": "signed-in",
    "subscriptions/<uuid:public_id>/purge/": "signed-in",
    "subscriptions/<uuid:public_id>/suspend/": "signed-in",
    "subscriptions/<uuid:public_id>/resume/": "signed-in",
    "subscriptions/<uuid:public_id>/credentials/<slug:name>/rotate/": "signed-in",
    "subscriptions/<uuid:public_id>/credentials/<slug:name>/revoke/": "signed-in",
    "subscriptions/<uuid:public_id>/credentials/<slug:name>/": "signed-in",
    "subscriptions/<uuid:public_id>/config/<slug:name>/<slug:tool>/": "signed-in",
    "requests/": "signed-in",
    "requests/<uuid:public_id>/": "signed-in",
    "requests/<uuid:public_id>/live/": "signed-in",
    "requests/<uuid:public_id>/approve/": "signed-in",
    "requests/<uuid:public_id>/reject/": "signed-in",
    "requests/<uuid:public_id>/withdraw/": "signed-in",
    "console/": "signed-in",
    "console/platforms/<slug:platform>/accept/": "signed-in",
    "console/<slug:key>/": "signed-in",
    "console/<slug:key>/retry/": "signed-in",
    "console/<slug:key>/look/": "signed-in",
    "console/<slug:key>/adopt/<slug:resource>/": "signed-in",
    "capacity/": "signed-in",
    "authorities/": "signed-in",
    "authorities/<uuid:public_id>/verify/": "signed-in",
}
