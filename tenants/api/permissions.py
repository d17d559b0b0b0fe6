"""The gate in front of every view: no declared rule, no entry."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.api.authentication import actor_or_none
from tenants.api.policy import Policy, Rule
from tenants.models.errors import Forbidden

if TYPE_CHECKING:
    # DRF's views import this module while they are being imported themselves.
    from rest_framework.views import APIView


class MissingScope(Forbidden):
    """The person might; this token may not."""

    code = "missing_scope"
    title = _("The token lacks a scope that this call needs.")


class DenyByDefault(BasePermission):
    """Ask the view's `policy`; a view or a method without one is closed to everybody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """False for nobody signed in (401) and for no rule; raises `MissingScope` and `Forbidden`."""
        method = str(request.method)
        if method.lower() not in view.http_method_names or not hasattr(view, method.lower()):
            raise MethodNotAllowed(method)
        rule = rule_for(getattr(view, "policy", {}), method)
        if rule is None:
            return False
        if rule.anonymous:
            return True
        actor = actor_or_none(request)
        if actor is None:
            return False
        missing = [scope for scope in rule.scopes if not actor.has_scope(scope)]
        if missing:
            raise MissingScope(_("Missing scope: %(scopes)s.") % {"scopes": ", ".join(missing)})
        if not rule.who(actor):
            raise Forbidden
        return True


def rule_for(policy: Policy, method: str) -> Rule | None:
    """A HEAD is a GET without its body."""
    return policy.get("GET" if method == "HEAD" else method)
