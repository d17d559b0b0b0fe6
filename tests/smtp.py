"""A real mail server on loopback, and what it was handed."""

import re
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller


class Mailbox:
    """Takes every mail, or refuses every one while `refuses` says how (an SMTP answer such as `451 Later`)."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """aiosmtpd's hook."""
        if self.refuses:
            return self.refuses
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 Taken"

    def to(self, address: str) -> list[str]:
        """The texts of the mails to this address, oldest first."""
        return [m.get_content() for m in self.mails if m["To"] == address]

    def code_to(self, address: str) -> str:
        """The code in the newest mail to this address."""
        return re.findall(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}\b", self.to(address)[-1])[0]

    def link_to(self, address: str) -> str:
        """The path of the invitation in the newest mail to this address."""
        return re.findall(r"https?://[^/]+(/invitation/\S+)", self.to(address)[-1])[0]


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """The portal's mail server for one test."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.EMAIL_TIMEOUT = 5
    yield box
    server.stop()
