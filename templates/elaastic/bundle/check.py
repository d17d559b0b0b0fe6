"""Check this bundle without the portal. Python 3.8 or newer, nothing else.

    python3 check.py            in the folder where the bundle was unpacked
    python3 check.py OLDER      and hold it against the folder of an older one: that has to be its beginning

Controlla questo pacchetto senza il portale. Basta Python 3.8 o successivo.
"""

import hashlib
import json
import pathlib
import sys

FIRST_LINK = "0" * 64


def lines(folder, name):
    return (pathlib.Path(folder) / name).read_bytes().splitlines()


def walk(folder):
    """Every chain's last number and sum, the sum of every link, and what is wrong."""
    last, sums, wrong = {}, {}, []
    for text in lines(folder, "verifications.jsonl"):
        link = json.loads(text)
        chain = link["subscription"]
        number, previous = last.get(chain, (0, FIRST_LINK))
        if (link["number"], link["previous"]) != (number + 1, previous):
            wrong.append(f"{chain}: number {number + 1} is not what follows here")
        last[chain] = (link["number"], hashlib.sha256(text).hexdigest())
        sums[chain, link["number"]] = last[chain][1]
    heads = {h["subscription"]: (h["number"], h["hash"]) for h in map(json.loads, lines(folder, "heads.jsonl"))}
    for chain in sorted(heads.keys() | last.keys()):
        if heads.get(chain) != last.get(chain, (0, FIRST_LINK)):
            wrong.append(f"{chain}: the chain does not end where its head says")
    return heads, sums, wrong


def main():
    heads, sums, wrong = walk(".")
    for older in sys.argv[1:]:
        wrong += [
            f"{chain}: is not the continuation of {older}"
            for chain, (number, digest) in walk(older)[0].items()
            if number and sums.get((chain, number)) != digest
        ]
    for one in wrong:
        print("BROKEN", one)
    print(f"{len(sums)} verifications, {len(heads)} chains:", "BROKEN" if wrong else "OK")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
