"""The names of what may happen to a statement or a commit; no Django here, so that tests may ask for them."""

from typing import Final

# What PostgreSQL says: serialisation failure, deadlock, lock not available. Raised by the server itself.
STATES: Final = {"40001": "could not serialize", "40P01": "deadlock detected", "55P03": "lock not available"}
LOST: Final = "connection lost"
COMMIT_LOST: Final = "connection lost at commit"
COMMIT_UNSURE: Final = "connection lost after commit"
STATEMENTS: Final = (LOST, *STATES)
COMMITS: Final = (COMMIT_LOST, COMMIT_UNSURE)
