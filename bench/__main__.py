"""`python -m bench [NAME …]`: one measurement, or all."""

import sys
from importlib import import_module

BENCHES = ("provisioning", "latency", "footprint", "api", "onboarding")


def main() -> int:
    """Run the named bench with its own options, or every one with none."""
    if len(sys.argv) > 1:
        return int(import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:]))
    return max(int(import_module(f"bench.{name}").main([])) for name in BENCHES)


if __name__ == "__main__":
    sys.exit(main())
