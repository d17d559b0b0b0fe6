"""Every address of the project, and what its policy is. A new one that is missing here fails the build.

Two kinds of entry: an API address says which personas get past the gate, method by method; any other address
says who may open it in one word. `elaastic`'s addresses stand in `policies_elaastic.py` beside this file.
"""

from typing import Final

from tests.security import policies_elaastic

API: Final = "rest/elaastic/v1/"

EVERYBODY: Final = frozenset(
    {
        "owner", "viewer", "stranger", "nobody", "operator", "approver", "auditor", "administrator",
        "onboarding", "scoped_token", "narrowed_token",
    }
)  # fmt: skip
ANYBODY: Final = EVERYBODY | {"anonymous", "expired_token", "revoked_token"}
# The one scope of `scoped_token` is authorities:read.
WIDE: Final = EVERYBODY - {"scoped_token"}
VERIFIERS: Final = frozenset({"operator", "administrator", "onboarding"})

# Address → method → who gets past the gate (401 and 403 for all others). Whose object it is comes after.
API_POLICIES: Final[dict[str, dict[str, frozenset[str]]]] = {
    # A wrong token is refused even where none is needed: its holder believes that it works.
    "status": {"GET": EVERYBODY | {"anonymous"}},
    "schema/": {"GET": EVERYBODY | {"anonymous"}},
    "docs/": {"GET": EVERYBODY | {"anonymous"}},
    "me/": {"GET": EVERYBODY},
    "tokens/": {"GET": WIDE, "POST": WIDE},
    "tokens/<uuid:public_id>/": {"DELETE": WIDE},
    "audit-events/": {
        "GET": frozenset({"owner", "stranger", "auditor", "administrator", "narrowed_token"}),
    },
    "authorities/": {"GET": EVERYBODY, "POST": WIDE - {"narrowed_token"}},
    "authorities/<uuid:public_id>/": {"GET": EVERYBODY, "PATCH": WIDE},
    "authorities/<uuid:public_id>/verify/": {"POST": VERIFIERS},
    "authorities/<uuid:public_id>/suspend/": {"POST": VERIFIERS},
    "authorities/<uuid:public_id>/resume/": {"POST": VERIFIERS},
    "authorities/<uuid:public_id>/members/": {"GET": EVERYBODY},
}

# Addresses outside the API: `anybody` or `signed-in`. Below a library's prefix its own package decides.
PAGE_POLICIES: Final[dict[str, str]] = {
    "healthz": "anybody",
    "i18n/setlang/": "anybody",
}
LIBRARY_PREFIXES: Final = ("accounts/",)

API_POLICIES.update(policies_elaastic.API_POLICIES)
PAGE_POLICIES.update(policies_elaastic.PAGE_POLICIES)
