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
    "levels/<str:number>/": {"GET": PUBLIC},
    "capacity/": {"GET": REGION},
    "platforms/": {"GET": REGION},
    "subscriptions/": {"GET": WIDE, "POST": WIDE},
    "subscriptions/<uuid:public_id>/": {"GET": WIDE},
    "requests/": {"GET": WIDE},
    "requests/<uuid:public_id>/": {"GET": WIDE},
    "requests/<uuid:public_id>/plan/": {"GET": WIDE},
    "requests/<uuid:public_id>/approve/": {"POST": WIDE},
    "requests/<uuid:public_id>/reject/": {"POST": WIDE},
    "requests/<uuid:public_id>/withdraw/": {"POST": WIDE},
}
PAGE_POLICIES: Final[dict[str, str]] = {
    "privacy": "anybody",
    "legal-notes": "anybody",
    "accessibility": "anybody",
    "contacts": "anybody",
}
