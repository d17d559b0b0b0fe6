"""The emulator as a test sees it: a base address, an authority, and the harness's hand."""

from dataclasses import dataclass, field
from typing import Any

import requests


@dataclass
class Wire:
    """`call` is one request as any client makes it; `control` is the harness's."""

    port: int
    backup_port: int
    ca_file: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.verify = self.ca_file
        self.session.trust_env = False

    def call(self, method: str, url: str, **how: Any) -> requests.Response:
        return self.session.request(method, f"https://127.0.0.1:{self.port}{url}", timeout=60, **how)

    def control(self, verb: str, **given: Any) -> Any:
        answer = self.session.post(
            f"https://127.0.0.1:{self.port}/control/{verb}", json=given, cookies={}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]
