"""XML as RGW writes and reads it: a few tags, no attributes, S3's namespace on some roots only."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from lab.simulated.errors import Refused

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
S3 = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
# Everything that clients send us as XML is small; a bigger body is a mistake.
MAX_XML = 4 << 20
QUOTES = {'"': "&quot;", "'": "&apos;"}
_NAMESPACE = re.compile(r"\{[^}]*\}")


def tag(name: str, content: object) -> str:
    """One element with text content."""
    return f"<{name}>{escape(str(content), QUOTES)}</{name}>"


def group(name: str, parts: Iterable[str]) -> str:
    """One element around elements already written."""
    return f"<{name}>{''.join(parts)}</{name}>"


def document(root: str, parts: Iterable[str], namespace: bool = True) -> bytes:
    """A whole document."""
    return f"{HEAD}<{root}{S3 if namespace else ''}>{''.join(parts)}</{root}>".encode()


def parsed(body: bytes) -> ElementTree.Element:
    """The root element with namespaces taken off; raises Refused for anything that is not small, plain XML."""
    # Declarations of entities are refused before parsing: no client here sends one.
    if not body or len(body) > MAX_XML or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Refused("MalformedXML")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        raise Refused("MalformedXML") from None
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
    return root


def text(element: ElementTree.Element, path: str, default: str = "") -> str:
    """Text at `path`, stripped; `default` when the element is not there."""
    found = element.findtext(path)
    return default if found is None else found.strip()
