"""`python -m tests.lab.contract.record` writes `recorded/<route>.json` anew from the lab's real Ceph.

Secrets and what differs from run to run (tenants, keys, ids, times) are replaced before anything is written.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from lab.ceph.cluster import CephCluster
from lab.registry import DEFAULT_BASE, load_system
from tests.lab.contract.places import real_place
from tests.lab.contract.scenario import Exchange, Stage, play
from tests.lab.contract.shapes import body_shape, error_code, header_names, json_shape

RECORDED = Path(__file__).parent / "recorded"
# Longer bodies are megabytes of `a`; names and codes are all in the beginning of the others.
MAX_BODY = 4000

# The mon commands that the portal asks; recorded as one route.
MON_COMMANDS: dict[str, dict[str, str]] = {
    "df": {},
    "df detail": {"prefix": "df", "detail": "detail"},
    "osd tree": {},
    "osd df": {},
    "health": {},
    "health detail": {"prefix": "health", "detail": "detail"},
    "status": {},
    "osd pool ls detail": {"prefix": "osd pool ls", "detail": "detail"},
    "osd crush rule dump": {},
    "osd crush dump": {},
    "versions": {},
}

VOLATILE = (
    (r"tx[0-9a-f]{20,}-[0-9a-z-]+", "REQUEST-ID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\.\d+\.\d+)?", "UUID"),
    (r"(VersionId|UploadId)>[^<]+<", r"\1>ID<"),
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r'"marker":"[^"]+"', '"marker":"MARKER"'),
    (r"[0-9a-f]+-[a-z]+-[a-z]+(?=</HostId>)", "HOST-ID"),
)


def scrubbed(stage: Stage, text: str) -> str:
    """Without secrets and without what no second run would repeat."""
    portal = stage.place.portal
    for keys, name in [(portal, "PORTAL"), *((keys, user.upper()) for user, keys in stage.keys.items())]:
        text = text.replace(keys.secret_key, f"{name}-SECRET").replace(keys.access_key, f"{name}-KEY")
    text = text.replace(stage.tenant, "TENANT").replace(stage.other, "OTHER")
    for pattern, word in VOLATILE:
        text = re.sub(pattern, word, text)
    return text


def shown(stage: Stage, exchange: Exchange) -> dict[str, object]:
    """One exchange as it is written."""
    answer = exchange.answer
    query = {name: scrubbed(stage, value) for name, value in exchange.query.items()}
    query = {
        name: "ID" if name in ("versionId", "uploadId", "marker") and value else value
        for name, value in query.items()
    }
    return {
        "label": exchange.label,
        "request": {"method": exchange.method, "path": scrubbed(stage, exchange.path), "query": query},
        "status": answer.status,
        "code": error_code(answer),
        "headers": header_names(answer),
        "shape": body_shape(answer.body),
        "body": _body(stage, exchange),
    }


def _body(stage: Stage, exchange: Exchange) -> str:
    """Lists of everything that is in the cluster are other people's: only their shape is kept."""
    if exchange.route in ("admin_metadata_users", "admin_metadata_buckets") and exchange.label in (
        "all",
        "a page",
        "the rest",
    ):
        return ""
    return scrubbed(stage, exchange.answer.body.decode("utf-8", "replace"))[:MAX_BODY]


def write(stage: Stage, mon: dict[str, list[str]]) -> None:
    """One file a route."""
    RECORDED.mkdir(exist_ok=True)
    for route in dict.fromkeys(exchange.route for exchange in stage.exchanges):
        mine = [shown(stage, exchange) for exchange in stage.exchanges if exchange.route == route]
        _dump(route, mine)
    _dump("mon_command", [{"label": command, "shape": shape} for command, shape in mon.items()])


def _dump(route: str, content: list[dict[str, object]]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (RECORDED / f"{route}.json").write_text(text + "\n")


def mon_shapes(stage: Stage) -> dict[str, list[str]]:
    """The names in each command's answer, without the versions' own text and the gateway's metadata."""
    found = {}
    for command, given in MON_COMMANDS.items():
        arguments = {"prefix": command, **given}
        content = stage.place.mon(arguments.pop("prefix"), **arguments)
        found[command] = sorted({re.sub(r"ceph version [^:]*:", "VERSION:", line) for line in json_shape(content)})
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.contract.record", description=__doc__)
    parser.add_argument("--base", type=Path, default=DEFAULT_BASE, help="the lab's folder, with Ceph up")
    system = load_system("ceph", parser.parse_args().base)
    if not isinstance(system, CephCluster):
        raise TypeError("the lab's Ceph is of another kind")
    place = real_place(system)
    stage = play(place)
    write(stage, mon_shapes(stage))
    sys.stdout.write(
        f"{len(stage.exchanges)} exchanges and {len(MON_COMMANDS)} mon commands written to {RECORDED}.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
