"""The portal's own settings, for somebody who calls more often than anybody may."""

from mcloud_portal.settings import *  # noqa: F403

API_CALLS_PER_MINUTE_CALLER = API_CALLS_PER_MINUTE_ANONYMOUS = 1_000_000
