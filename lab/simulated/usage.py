"""The usage log: bytes and calls by hour, booked to who owns the bucket, not to who called."""

from lab.simulated import buckets, clock
from lab.simulated.calls import Call
from lab.simulated.routes import Match
from lab.simulated.web import Answer

HOUR_S = 3600


def count(call: Call, where: Match, answer: Answer) -> None:
    """One call of an S3 route; Admin Ops and mon are not metered."""
    if where.route is None or not where.route.usage:
        return
    bucket = buckets.find_bucket(call.store, *call.place()) if where.bucket else None
    owner = bucket.owner if bucket else call.uid or "anonymous"
    hour = int(clock.now().timestamp()) // HOUR_S * HOUR_S
    sent = len(answer.body) if isinstance(answer.body, bytes) else int(answer.headers.get("Content-Length", 0))
    call.store.run(
        "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET sent = sent + excluded.sent,"
        " received = received + excluded.received, ops = ops + 1, successful = successful + excluded.successful",
        owner, bucket.name if bucket else "", hour, where.route.usage, sent, call.request.length,
        int(answer.status < 400),
    )  # fmt: skip
