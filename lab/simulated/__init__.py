"""The simulated region: one small process that answers like a Ceph RADOS Gateway 16.2.15, on the real wire.

Why it exists: `make up` and thousands of fault cases need a region in a second and a case in milliseconds, and
the clients that people and the portal use (boto3, rgwadmin, restic, rclone, s3cmd, the aws command line) must run
against it unchanged. What it may answer is what the real gateway was recorded to answer
(`tests/lab/contract/recorded`); a route without a recording fails the build.

Decision: written here, not moto. moto keeps its state in memory, so `make down`/`make up` would lose a town's
backups; it knows no RGW tenants (`ente$writer`, `ente:bucket`), enforces neither bucket policies nor quotas nor
suspension, and has no Admin Ops. Those are precisely what level 1 rests on. MinIO was rejected for the same reasons
(no Admin Ops, other policy semantics). What is lost: every S3 feature that nobody here calls is simply not there.

Not imitated: RADOS' own wire protocol. Mon commands are answered as JSON over `POST /mon`; the real platform uses
python-rados. One gateway, no replication, no encryption, no lifecycle worker (rules are stored, not executed).
"""
