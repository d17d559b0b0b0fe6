"""The region in CRUSH: a rule and the pools for each placement target.

The datacenters themselves come from each OSD's `crush location` (see conf.py); here are the rules that use
them. A two-site rule takes one leaf from each of exactly its two datacenters, which no mon command can
express, so the map is decompiled, given the rules, and compiled again.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.ceph.mon import Mon
from lab.marche import SITES, TARGETS, Target
from lab.process import run_checked

# Assumption: a few PGs spread the test data well enough over one OSD a site, and each costs start-up time.
PG_NUM = 4

# Rule 0 is the cluster's own; ours are numbered from here.
FIRST_RULE = 10


def _rule_text(number: int, target: Target) -> str:
    steps = "".join(
        f"\tstep take {site}\n\tstep chooseleaf firstn 1 type host\n\tstep emit\n" for site in target.sites
    )
    if target.copies == len(SITES):
        steps = "\tstep take default\n\tstep chooseleaf firstn 0 type datacenter\n\tstep emit\n"
    head = f"\tid {number}\n\ttype replicated\n\tmin_size 1\n\tmax_size 10\n"
    return f"rule {target.id} {{\n{head}{steps}}}\n"


def add_rules(mon: Mon) -> None:
    """Adds each target's rule to the cluster's CRUSH map; the datacenters must be in it already."""
    with tempfile.TemporaryDirectory() as scratch:
        binary, text = Path(scratch, "map"), Path(scratch, "map.txt")
        binary.write_bytes(mon.raw("osd getcrushmap"))
        run_checked(["crushtool", "-d", str(binary), "-o", str(text)])
        rules = "".join(_rule_text(FIRST_RULE + number, target) for number, target in enumerate(TARGETS))
        text.write_text(text.read_text() + rules)
        run_checked(["crushtool", "-c", str(text), "-o", str(binary)])
        mon.raw("osd setcrushmap", payload=binary.read_bytes())


def add_pools(mon: Mon) -> None:
    """Each target's data and index pool, on its rule, with its number of copies.

    Side by side: every command waits for a round of the mon's, and one round carries many.
    """

    def add_pool(target: Target, pool: str) -> None:
        mon.command("osd pool create", pool=pool, pg_num=PG_NUM, rule=target.id, size=target.copies)
        mon.command("osd pool application enable", pool=pool, app="rgw")

    pools = [(target, pool) for target in TARGETS for pool in (target.data_pool, target.index_pool)]
    with ThreadPoolExecutor(len(pools)) as threads:
        list(threads.map(lambda pair: add_pool(*pair), pools))
