"""Who may do what: one small question each, asked by services, pages and the API alike.

A question is about the role first; where a scope narrows a token, it is named in the question. Nothing
here asks the cloud or writes. `elaastic` builds its own questions from these.
"""

from tenants.models import (
    ACTS_FOR,
    AUDITS,
    DECIDES,
    OPERATES,
    READS_EVERYTHING,
    Actor,
    AuthorityKind,
    LocalAuthority,
    MemberRole,
    RegionRoleName,
    UserKind,
)
from tenants.selectors import has_owner


def is_regional(actor: Actor) -> bool:
    """Has the actor any role at the region, undiminished by a token for one authority?"""
    return bool(actor.user.region_roles & READS_EVERYTHING)


def may_read_authority(actor: Actor, authority: LocalAuthority) -> bool:
    """The region reads all; a member reads the own one."""
    if not actor.reaches(authority.pk):
        return False
    return is_regional(actor) or authority.pk in actor.user.roles_by_authority


def may_act_for(actor: Actor, authority: LocalAuthority) -> bool:
    """Ask, change and collect in the authority's name: its owners and operators.

    The region's service account acts for every authority, because onboarding by script is its work; a
    person of the region does not ask in a town's name. A supplier has nothing of its own to ask for.
    """
    if not actor.reaches(authority.pk) or authority.kind == AuthorityKind.SUPPLIER:
        return False
    if actor.user.roles_by_authority.get(authority.pk) in ACTS_FOR:
        return True
    return actor.user.kind == UserKind.SERVICE and may_operate(actor)


def may_describe(actor: Actor, authority: LocalAuthority) -> bool:
    """Change what is told of a body: who acts for it, or checked it. A mandate is for its copies, not for it."""
    if not actor.reaches(authority.pk):
        return False
    own = authority.pk not in actor.user.mandates_by_authority
    acts = actor.user.roles_by_authority.get(authority.pk) in ACTS_FOR
    return (own and acts) or may_operate(actor)


def may_manage_members(actor: Actor, authority: LocalAuthority) -> bool:
    """The owner invites. The region's operators do while there has never been one; later it takes two of them and a
    hand-over, or one of them alone could make himself the owner of a town's copies.
    """
    if not actor.reaches(authority.pk):
        return False
    if actor.user.roles_by_authority.get(authority.pk) == MemberRole.OWNER:
        return True
    return may_operate(actor) and not has_owner(authority)


def may_register(actor: Actor) -> bool:
    """Anybody signed in may register a body; a token for one authority registers no other."""
    return actor.authority_id is None and actor.has_scope("authorities:write")


def may_verify(actor: Actor) -> bool:
    """Operators and administrators; a service account needs the scope and no role."""
    if not actor.has_scope("authorities:verify") or actor.authority_id is not None:
        return False
    if may_operate(actor):
        return True
    return actor.user.kind == UserKind.SERVICE and actor.scopes is not None


def may_let_in(actor: Actor) -> bool:
    """Open or confirm a way in: the region's operators, in person and never by a token."""
    return actor.scopes is None and actor.user.kind == UserKind.PERSON and may_operate(actor)


def may_correct_identity(actor: Actor) -> bool:
    """Change the codes and the name of a verified body: what was verified is changed by who verifies."""
    return may_operate(actor)


def may_operate(actor: Actor) -> bool:
    """Look after stacks, authorities and people: operators and administrators."""
    return bool(actor.user.region_roles & OPERATES)


def may_decide(actor: Actor) -> bool:
    """Approve and reject. That the approver is not the requester is checked where the request is."""
    return bool(actor.user.region_roles & DECIDES)


def may_audit(actor: Actor) -> bool:
    """Read the whole trail, personal parts too."""
    return bool(actor.user.region_roles & AUDITS)


def may_read_some_audit(actor: Actor) -> bool:
    """The whole trail, or that of an authority one owns."""
    return may_audit(actor) or MemberRole.OWNER in actor.user.roles_by_authority.values()


def may_read_region(actor: Actor) -> bool:
    """Capacity, stacks, platforms: anybody of the region, unless the token is for one authority."""
    return is_regional(actor) and actor.authority_id is None


def may_grant(actor: Actor) -> bool:
    """Give roles at the region: administrators, in person."""
    return RegionRoleName.ADMINISTRATOR in actor.user.region_roles
