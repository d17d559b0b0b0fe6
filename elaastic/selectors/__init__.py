"""Reads. A constant number of queries whatever the length; no cloud is asked."""
