"""openstacksdk's proxy layer, with nothing of the environment in it, and its errors translated."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from provisioning.domain.errors import PermanentError, PlatformDown, ProviderError, TemporaryError
from provisioning.domain.region import Platform
from provisioning.providers.openstack.client import credentials
from provisioning.providers.openstack.client.errors import OPENSTACK, NotThere, Said, SignedOut, translate
from provisioning.providers.peer import seconds

log = logging.getLogger(__name__)

# Assumption: an API that says nothing for so long will not say anything; the slowest call of the lab takes 3 s.
TIMEOUT_S: Final = 20

# Nova's version for every call. Left to the SDK it is negotiated, and a discovery that fails once means the oldest:
# no tags, and a server that is there would seem absent. Later ones ask every host when hypervisors are listed, and
# one that is down holds the answer up for a minute.
NOVA: Final = "2.87"

# Objects a page; a service whose own maximum is smaller gives fewer, and says where the next page is.
PAGE: Final = 500

# At DEBUG they print headers and bodies; a token is hashed there, a password in a body is not.
for _name in ("keystoneauth", "openstack", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Cloud:
    """A connection a process, made at its first call."""

    def __init__(self, platform: Platform, page: int = PAGE) -> None:
        self._platform = platform
        self.page = page
        self._made: tuple[int, Any] | None = None
        self._domain: str | None = None

    @contextmanager
    def calling(self, doing: str) -> Iterator[Any]:
        """The connection, for calls whose failures come out as the portal's: `doing` is for their messages."""
        with self._translating(doing):
            yield self._connection()

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        try:
            yield
        except ProviderError:
            raise
        except Exception as error:
            # `from None`: the library's exceptions hold the request.
            raise _translated(error, doing) from None

    @contextmanager
    def signed_in(self, doing: str, **who: str) -> Iterator[Any]:
        """A town's own user or credential, for what nobody may do in its stead. `who` is keystoneauth's.

        TemporaryError when that is not taken: Keystone voids what was issued in the second of a change.
        Where that lasts, somebody changed it.
        """
        try:
            made = self._sign_in(doing, **who)
            with self._translating(doing), closing(made):
                yield made
        except SignedOut:
            raise TemporaryError(
                f"A town's own user was not let in while {doing}; the portal tries again by itself. Where that "
                "lasts, the region's operator must find out who changed its password or its roles.",
                unsent=True,
            ) from None

    def read(self, doing: str, call: Callable[[Any], Any]) -> Any:
        """The answer of one call."""
        with self.calling(doing) as connection:
            return call(connection)

    def listed(self, doing: str, service: str, noun: str, **words: Any) -> list[Any]:
        """What fits, by as many pages as the service makes of it. With `limit` the pages are ours, and end with an
        empty one: a call more, worth it where much is listed.

        TemporaryError where the last of a page went before the next was asked for: a list is never "not there".
        """
        try:
            with self.calling(doing) as connection:
                return list(getattr(getattr(connection, service), f"{noun}s")(**words))
        except NotThere:
            raise OPENSTACK.unusable(doing, "changed between two pages") from None

    def delete(self, doing: str, service: str, noun: str, id: str) -> None:
        """NotThere when the service says that it knows no such thing; the SDK would take any 404 for that."""
        self.read(doing, lambda c: getattr(getattr(c, service), f"delete_{noun}")(id, ignore_missing=False))

    def send(self, doing: str, service: str, method: str, path: str, **words: Any) -> None:
        """A call for which the SDK has no word; its bare sessions raise nothing by themselves."""
        with self.calling(doing) as connection:
            from openstack import exceptions

            exceptions.raise_from_response(getattr(getattr(connection, service), method)(path, **words))

    def content(self, doing: str, image: str) -> Iterator[bytes]:
        """An image's bytes, a MiB at a time; what came must be held against its sum. NotThere when it is gone."""
        with self.calling(doing) as connection:
            from openstack import exceptions

            answer = connection.image.download_image(image, stream=True)
            exceptions.raise_from_response(answer)
            with closing(answer):
                yield from answer.iter_content(2**20)

    def domain_id(self) -> str:
        """Of the domain in which the portal makes projects and people; PermanentError when it is not there."""
        if self._domain is None:
            name = self._platform.domain
            found = self.listed("looking for the domain", "identity", "domain", name=name)
            if len(found) != 1:
                raise PermanentError(
                    f"OpenStack has no domain {name}; the region's operator must make it or mend the region file.",
                    reason="Forbidden",
                )
            self._domain = str(found[0].id)
        return self._domain

    def _sign_in(self, doing: str, **who: str) -> Any:
        """A credential that is gone is no more let in than one that is wrong."""
        try:
            with self._translating(doing):
                made = self._connect(**who)
                made.authorize()
        except NotThere as error:
            raise SignedOut(error.message) from None
        return made

    def _connection(self) -> Any:
        # Sockets inherited through a fork would be shared with the parent.
        if self._made is None or self._made[0] != os.getpid():
            mine = credentials.read(self._platform.credentials_file)
            made = self._connect(
                username=mine.username,
                password=mine.password.reveal(),
                project_name=mine.project,
                user_domain_name=mine.user_domain,
                project_domain_name=mine.project_domain,
            )
            self._made = (os.getpid(), made)
        return self._made[1]

    def _connect(self, **who: Any) -> Any:
        import openstack

        made = openstack.connect(
            **who,
            load_yaml_config=False,
            load_envvars=False,
            auth_url=self._platform.endpoints["api"],
            region_name=self._platform.region or None,
            cacert=self._platform.ca_file,
            api_timeout=TIMEOUT_S,
            compute_default_microversion=NOVA,
            # A write that is sent again by a library is a write that nobody recorded.
            connect_retries=0,
            status_code_retries=0,
            image_status_code_retries=0,  # Glance's have a default of their own
        )
        made.session.session.hooks["response"].append(_refuse_strangers)
        return made


def _refuse_strangers(answer: Any, **_words: Any) -> None:
    """ValueError for a success that no service of OpenStack says so: its body is JSON, and where something is asked
    for, not empty. The SDK would take a proxy's page for a thing of which nothing is known, not even its id. An
    image's own bytes are nobody's to read here.
    """
    an_image = answer.headers.get("Content-Type") == "application/octet-stream"
    if answer.status_code not in (200, 201) or an_image:
        return
    try:
        said = answer.json() if answer.content else None
    except ValueError:
        raise ValueError("The answer is no JSON.") from None
    if not said and answer.request.method in ("GET", "POST"):
        raise ValueError("The answer is empty.")


def _translated(error: Exception, doing: str) -> ProviderError:
    from keystoneauth1 import exceptions as auth
    from openstack import exceptions as sdk
    from requests import RequestException

    if isinstance(error, sdk.HttpException | auth.HttpError):
        return _answered(getattr(error, "response", None), doing)
    if isinstance(error, auth.SSLError):
        return OPENSTACK.untrusted(doing)
    if isinstance(error, auth.ConnectTimeout | sdk.ResourceTimeout):
        return OPENSTACK.cut(doing)
    if isinstance(error, auth.ConnectionError):
        return OPENSTACK.unreachable(doing) if _never_connected(error) else OPENSTACK.cut(doing)
    if isinstance(error, ValueError | LookupError | TypeError | AttributeError):
        # What the SDK makes of a page that is no JSON or lacks something; maybe a defect of ours, so it is told.
        log.warning("An answer of OpenStack could not be read while %s: %s.", doing, type(error).__name__)
        return OPENSTACK.unusable(doing, "could not be read")
    if isinstance(error, RequestException) and not isinstance(error, sdk.SDKException):
        return OPENSTACK.cut(doing)  # in the middle of a stream, which the SDK hands on as it is
    if not isinstance(error, sdk.SDKException | auth.ClientException):
        raise error
    # openstacksdk wraps what the session said, at sign-in.
    inner = error.__cause__ or error.__context__
    if isinstance(error, sdk.SDKException) and isinstance(inner, auth.ClientException):
        return _translated(inner, doing)
    if isinstance(error, auth.DiscoveryFailure) and isinstance(inner, auth.ClientException):
        # Keystone was asked what it speaks, which fails first when it is away. A refusal of that says nothing about
        # what the call was for.
        met = _translated(inner, doing)
        if isinstance(met, PlatformDown):
            return met
    return OPENSTACK.unusable(doing, "is of no use")


def _answered(response: Any, doing: str) -> ProviderError:
    if response is None:
        return OPENSTACK.unusable(doing, "is of no use")
    return translate(
        Said(doing, response.status_code, _kind(response), seconds(response.headers.get("Retry-After")))
    )


def _kind(response: Any) -> str:
    """The error's name in the body: each project wraps it in a way of its own."""
    try:
        body = response.json()
    except ValueError:
        return _in_words(response.text)
    if not isinstance(body, dict) or not body:
        return ""
    name, inner = next(iter(body.items()))
    if name == "errors" and isinstance(inner, list) and inner:
        inner = inner[0]
    if not isinstance(inner, dict):
        return ""
    if str(inner.get("message", "")).startswith("Quota exceeded"):
        return "OverQuota"  # Nova calls it `forbidden`, as it does what is forbidden
    return str(inner.get("type") or inner.get("title") or name)


def _in_words(page: str) -> str:
    """Glance alone answers with a page; these are the words of its own handlers, and no proxy's."""
    return "ImageNotFound" if "No image found with ID" in page or "Failed to find image" in page else ""


def _never_connected(error: Exception) -> bool:
    """Refused, or no such name; a connection that broke later looks the same from outside."""
    cause = error.__cause__ or error.__context__
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}
