"""A region on one machine: the real systems, and the small simulated one. See `python -m lab --help`."""
