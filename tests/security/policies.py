"""Every address of the project, and what its policy is. A new one that is missing here fails the build.

Two kinds of entry: an API address says which personas get past the gate, method by method; any other address
says who may open it in one word. `elaastic`'s own addresses are declared in `policies_elaastic.py` beside
this file, in the same shape, once they exist.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

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

# Addresses outside the API: `anybody`, `signed-in`, or `library` (its own package decides, and tests it).
PAGE_POLICIES: Final[dict[str, str]] = {
    "healthz": "anybody",
    "i18n/setlang/": "anybody",
}
LIBRARY_PREFIXES: Final = ("accounts/",)

_MORE: Final = "tests.security.policies_elaastic"
if find_spec(_MORE) is not None:
    _more = import_module(_MORE)
    API_POLICIES.update(getattr(_more, "API_POLICIES", {}))
    PAGE_POLICIES.update(getattr(_more, "PAGE_POLICIES", {}))
