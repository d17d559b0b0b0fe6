"""Does it answer in its protocol? Nobody logs in for that."""

import socket
from typing import Final

WAIT_S: Final = 3


def healthy(protocol: str, address: str) -> bool:
    """SFTP greets as SSH does; WebDAV asks who is there."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=WAIT_S) as peer:
            if protocol == "webdav":
                peer.sendall(b"PROPFIND / HTTP/1.0\r\n\r\n")
            said = _first_line(peer)
            return b" 401 " in said if protocol == "webdav" else said.startswith(b"SSH-2.0-")
    except OSError:
        return False


def _first_line(peer: socket.socket) -> bytes:
    said = b""
    while b"\n" not in said and len(said) < 256 and (more := peer.recv(256)):
        said += more
    return said
