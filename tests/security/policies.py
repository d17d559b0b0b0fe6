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
REGION: Final = frozenset({"operator", "approver", "auditor", "administrator", "onboarding"})
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
    "registrations/": {"GET": REGION},
    "registrations/<uuid:public_id>/": {"GET": REGION},
    "registrations/<uuid:public_id>/approve/": {"POST": VERIFIERS},
    "registrations/<uuid:public_id>/reject/": {"POST": VERIFIERS},
    "authorities/": {"GET": EVERYBODY, "POST": WIDE - {"narrowed_token"}},
    "authorities/<uuid:public_id>/": {"GET": EVERYBODY, "PATCH": WIDE},
    "authorities/<uuid:public_id>/verify/": {"POST": VERIFIERS},
    "authorities/<uuid:public_id>/suspend/": {"POST": VERIFIERS},
    "authorities/<uuid:public_id>/resume/": {"POST": VERIFIERS},
    "authorities/<uuid:public_id>/members/": {"GET": EVERYBODY},
    "authorities/<uuid:public_id>/members/<uuid:person>/": {"PATCH": WIDE, "DELETE": WIDE},
    "authorities/<uuid:public_id>/invitations/": {"GET": EVERYBODY, "POST": WIDE},
    "authorities/<uuid:public_id>/invitations/<uuid:invitation>/": {"DELETE": WIDE},
    "authorities/<uuid:public_id>/mandates/": {"GET": EVERYBODY, "POST": WIDE},
    "authorities/<uuid:public_id>/mandates/<uuid:mandate>/": {"DELETE": WIDE},
}

# Addresses outside the API: `anybody` or `signed-in`. Below a library's prefix its own package decides.
PAGE_POLICIES: Final[dict[str, str]] = {
    "healthz": "anybody",
    "i18n/setlang/": "anybody",
    # Who registers a body, or was invited, has no account yet; tests/tenants plays these pages with every persona.
    "register/": "anybody",
    "register/<uuid:public_id>/": "anybody",
    "register/<uuid:public_id>/again/": "anybody",
    "register/<uuid:public_id>/letter/": "anybody",
    "invitation/": "anybody",
    "invitation/<str:secret>/": "anybody",
    "registrations/<uuid:public_id>/": "signed-in",
    "registrations/<uuid:public_id>/letter/<int:number>/": "signed-in",
    "trail/": "signed-in",
    "people/": "signed-in",
    "people/<uuid:person>/roles/<slug:role>/take/": "signed-in",
    "people/<uuid:person>/second-factor/reset/": "signed-in",
    "people/invitations/<uuid:invitation>/withdraw/": "signed-in",
    "tokens/": "signed-in",
    "tokens/new/": "signed-in",
    "tokens/new/<uuid:holder>/": "signed-in",
    "tokens/<uuid:public_id>/revoke/": "signed-in",
    "programs/new/": "signed-in",
    "programs/<uuid:holder>/close/": "signed-in",
    "authorities/<uuid:public_id>/people/": "signed-in",
    "authorities/<uuid:public_id>/people/<uuid:person>/": "signed-in",
    "authorities/<uuid:public_id>/people/<uuid:person>/end/": "signed-in",
    "authorities/<uuid:public_id>/invitations/<uuid:invitation>/withdraw/": "signed-in",
    "authorities/<uuid:public_id>/mandates/new/": "signed-in",
    "authorities/<uuid:public_id>/mandates/<uuid:mandate>/end/": "signed-in",
    "authorities/": "signed-in",
    "authorities/<uuid:public_id>/verify/": "signed-in",
    "authorities/<uuid:public_id>/suspend/": "signed-in",
    "authorities/<uuid:public_id>/resume/": "signed-in",
}
LIBRARY_PREFIXES: Final = ("accounts/",)

API_POLICIES.update(policies_elaastic.API_POLICIES)
PAGE_POLICIES.update(policies_elaastic.PAGE_POLICIES)
