"""What `up` chose once for a cloud: its ports and its passwords."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

HOST = "127.0.0.1"
REGION = "marche"

# In this order from the first port on. `rabbit_dist` and `epmd` are Erlang's own.
PORTS = ("mariadb", "rabbit", "rabbit_dist", "epmd", "keystone", "placement", "glance", "nova", "neutron")

# The service types of the catalogue: which process serves each, and the path below its port.
ENDPOINTS = {
    "identity": ("keystone", "/v3"),
    "placement": ("placement", ""),
    "image": ("glance", ""),
    "compute": ("nova", "/v2.1"),
    "network": ("neutron", ""),
}


@dataclass(frozen=True)
class Passwords:
    """Of the cloud's administrator, of the services among themselves, and of the message queue."""

    admin: str
    service: str
    queue: str

    @classmethod
    def new(cls) -> "Passwords":
        return cls(*(secrets.token_hex(16) for _ in range(3)))


@dataclass(frozen=True)
class Settings:
    """Kept in `<folder>/settings.json`; written last by `up`, it also says "made"."""

    first_port: int
    passwords: Passwords

    def port(self, name: str) -> int:
        return self.first_port + PORTS.index(name)

    def endpoint(self, service_type: str) -> str:
        name, path = ENDPOINTS[service_type]
        return f"http://{HOST}:{self.port(name)}{path}"

    @property
    def queue_url(self) -> str:
        return f"rabbit://lab:{self.passwords.queue}@{HOST}:{self.port('rabbit')}/"

    def database_url(self, name: str) -> str:
        return f"mysql+pymysql://root@{HOST}:{self.port('mariadb')}/{name}?charset=utf8mb3"

    def save(self, folder: Path) -> None:
        file = folder / "settings.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: Path) -> "Settings | None":
        file = folder / "settings.json"
        if not file.exists():
            return None
        fields = json.loads(file.read_text())
        return cls(first_port=fields["first_port"], passwords=Passwords(**fields["passwords"]))
