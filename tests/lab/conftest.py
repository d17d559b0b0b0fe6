"""The real systems, for every test of this folder and below."""

from lab.fixtures import ceph_lab, postgres_lab, redis_lab

__all__ = ["ceph_lab", "postgres_lab", "redis_lab"]
