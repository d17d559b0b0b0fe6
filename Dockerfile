# One image for web, worker, beat and the gateway; which of them it is, the command says. Health checks stand with each service in
# docker-compose.yml: one in the image would call a worker sick because it answers no HTTP.
FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv python3-rados python3-rbd python3-cephfs ca-certificates rclone \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*

# Whoever writes the secrets' files has to know this number: they come with their owner on the host.
RUN useradd --system --uid 999 --create-home --home-dir /srv/portal portal
WORKDIR /srv/portal

COPY requirements/base.txt requirements/base.txt
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1

COPY manage.py pyproject.toml ./
COPY mcloud_portal mcloud_portal
COPY tenants tenants
COPY elaastic elaastic
COPY provisioning provisioning
COPY gateway gateway
COPY templates templates
COPY static static
COPY locale locale
COPY lab lab
# Debian's Ceph binding, without the rest of Debian's Python packages; a process of its own shows that it loads.
RUN python -m lab.ceph.binding && python -c 'import rados' \
 && pybabel --quiet compile -d locale -D django \
 && mkdir -p /var/lib/portal && chown portal: /var/lib/portal

USER portal
ENV MCLOUD_DATA_DIR=/var/lib/portal DJANGO_SETTINGS_MODULE=mcloud_portal.settings
CMD ["gunicorn", "mcloud_portal.wsgi:application", "--config", "python:mcloud_portal.serving", "--bind", "0.0.0.0:8000"]
