"""One of the two products: its state, its calls, and who may."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lab.proxmox.paths import Tree
from lab.proxmox.permissions import Who
from lab.proxmox.schema import Data, Method, Schema
from lab.proxmox.state import State
from lab.proxmox.world import Call, World

Function = Callable[[Call], Any]
Routes = dict[tuple[str, str], Function]
Allow = Callable[[State, Method, Who | None, Data], None]


@dataclass
class Product:
    """`name` is PVE or PBS, as in cookies and token headers; `public` calls need nobody known,
    `gives_more` those that answer more than their description says."""

    name: str
    world: World
    schema: Schema | None
    routes: Routes
    allow: Allow
    lock_takers: frozenset[tuple[str, str]] = frozenset()
    public: frozenset[tuple[str, str]] = frozenset({("POST", "/access/ticket")})
    gives_more: frozenset[tuple[str, str]] = frozenset()
    tree: Tree[bool] = field(default_factory=Tree)

    def __post_init__(self) -> None:
        for _, template in self.routes:
            self.tree.place(template, True)

    def locking(self, name: tuple[str, str]) -> bool:
        return name in self.lock_takers
