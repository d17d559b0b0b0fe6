"""How gunicorn serves the web process, everywhere: `--config python:mcloud_portal.serving`."""

# Pages wait for the database, and calls with `?wait=` for a change: neither needs a processor meanwhile.
worker_class = "gthread"
threads = 8
# The most that gunicorn takes. What is longer it refuses itself, in HTML; all that is shorter the portal answers.
limit_request_line = 8190
