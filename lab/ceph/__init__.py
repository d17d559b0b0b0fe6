"""A real Ceph cluster on loopback: three datacenters, an S3 gateway, in seconds and without systemd."""
