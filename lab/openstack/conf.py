"""The services' configuration files: what differs from their defaults, and why where it is not plain."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from lab.openstack import environment
from lab.openstack.heartbeats import REPORT_S
from lab.openstack.settings import HOST, REGION, Settings

Sections = Mapping[str, Mapping[str, object]]

# The compute host of the fake driver, and the one that boots real machines (see qemu.py).
FAKE_HOST = "lab"


def write_all(folder: Path, settings: Settings) -> None:
    """Writes `<folder>/etc/<service>/…`, mode 600: passwords stand in them."""
    etc = folder / "etc"
    for name in ("images/store", "images/staging", "images/work", "nova", "neutron", "lock"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write(etc / "keystone" / "keystone.conf", _keystone(etc, settings))
    write(etc / "placement" / "placement.conf", _placement(settings))
    write(etc / "glance" / "glance-api.conf", _glance(folder, settings))
    write(etc / "nova" / "nova.conf", _nova(folder, settings))
    write(etc / "neutron" / "neutron.conf", _neutron(folder, settings))
    shipped = environment.FOLDER / "etc"
    shutil.copy(shipped / "glance" / "glance-api-paste.ini", etc / "glance")
    shutil.copy(shipped / "nova" / "api-paste.ini", etc / "nova")
    shutil.copy(shipped / "neutron" / "api-paste.ini", etc / "neutron")


def write(file: Path, sections: Sections) -> None:
    text = ""
    for name, options in sections.items():
        lines = "".join(f"{option} = {_word(value)}\n" for option, value in options.items())
        text += f"[{name}]\n{lines}\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _database(settings: Settings, name: str) -> dict[str, object]:
    return {"connection": settings.database_url(name), "max_pool_size": 5, "max_overflow": 20}


def _login(settings: Settings, user: str) -> dict[str, object]:
    """How a service signs in at Keystone."""
    return {
        "auth_url": settings.endpoint("identity"),
        "auth_type": "password",
        "username": user,
        "password": settings.passwords.service,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "region_name": REGION,
    }


def _token_check(settings: Settings, user: str) -> dict[str, object]:
    return {
        **_login(settings, user),
        "www_authenticate_uri": settings.endpoint("identity"),
        "service_token_roles": "service",
        "service_token_roles_required": True,
    }


def _keystone(etc: Path, settings: Settings) -> Sections:
    return {
        "database": _database(settings, "keystone"),
        "token": {"provider": "fernet", "expiration": 14400},
        "fernet_tokens": {"key_repository": etc / "keystone" / "fernet-keys"},
        "credential": {"key_repository": etc / "keystone" / "credential-keys"},
        # A fifteenth of the time for each request; one process, so its memory is the right place.
        "cache": {"enabled": True, "backend": "dogpile.cache.memory"},
        # The least that bcrypt takes: hashing is not what is tested.
        "identity": {"password_hash_rounds": 4},
    }


def _placement(settings: Settings) -> Sections:
    return {
        "placement_database": _database(settings, "placement"),
        "api": {"auth_strategy": "keystone"},
        "keystone_authtoken": _token_check(settings, "placement"),
    }


def _glance(folder: Path, settings: Settings) -> Sections:
    images = folder / "images"
    return {
        "DEFAULT": {
            "enabled_backends": "file:file",
            "enabled_import_methods": "[glance-direct]",
            "worker_self_reference_url": settings.endpoint("image"),
        },
        "database": _database(settings, "glance"),
        "keystone_authtoken": _token_check(settings, "glance"),
        "paste_deploy": {"flavor": "keystone"},
        "glance_store": {"default_backend": "file"},
        "file": {"filesystem_store_datadir": images / "store"},
        "os_glance_staging_store": {"filesystem_store_datadir": images / "staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": images / "tasks"},
        "task": {"work_dir": images / "work"},
        "oslo_concurrency": {"lock_path": folder / "lock"},
    }


def _nova(folder: Path, settings: Settings) -> Sections:
    login = _login(settings, "nova")
    return {
        "DEFAULT": {
            "transport_url": settings.queue_url,
            "state_path": folder / "nova",
            "my_ip": HOST,
            "host": FAKE_HOST,
            # Where no zone is asked for, the fake host. Zones are aggregates: a name without one filters nothing.
            "default_schedule_zone": FAKE_HOST,
            # The plain fake driver cannot start a second time.
            "compute_driver": "fake.FakeDriverWithoutFakeNodes",
            "cpu_allocation_ratio": 4.0,
            "ram_allocation_ratio": 1.0,
            "reserved_host_memory_mb": 0,
            "reserved_host_disk_mb": 0,
            "report_interval": REPORT_S,
            # Nothing plugs a cable in, so nobody would say that it is plugged.
            "vif_plugging_is_fatal": False,
            "vif_plugging_timeout": 0,
        },
        "api_database": _database(settings, "nova_api"),
        "database": _database(settings, "nova"),
        "keystone_authtoken": _token_check(settings, "nova"),
        "conductor": {"workers": 1},
        "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": 2},
        "oslo_concurrency": {"lock_path": folder / "lock"},
        "glance": {"region_name": REGION},
        "quota": {"driver": "nova.quota.DbQuotaDriver"},
        "service_user": {"send_service_user_token": True, **login},
        "placement": login,
        "neutron": login,
        "vnc": {"enabled": False},
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def _neutron(folder: Path, settings: Settings) -> Sections:
    login = _login(settings, "neutron")
    return {
        "DEFAULT": {
            "transport_url": settings.queue_url,
            "core_plugin": "ml2",
            "service_plugins": "router,tag,revisions",
            "auth_strategy": "keystone",
            "api_paste_config": folder / "etc" / "neutron" / "api-paste.ini",
            "state_path": folder / "neutron",
            "notify_nova_on_port_status_changes": False,
            "notify_nova_on_port_data_changes": False,
            "dhcp_agent_notification": False,
        },
        "database": _database(settings, "neutron"),
        "keystone_authtoken": _token_check(settings, "neutron"),
        # `labnet` is ours (inside/): networks, routers and ports are real objects, without a data plane.
        "ml2": {
            "type_drivers": "local,flat,vlan,vxlan",
            "tenant_network_types": "vxlan",
            "mechanism_drivers": "labnet",
            "extension_drivers": "port_security",
        },
        "ml2_type_vxlan": {"vni_ranges": "1000:9999"},
        "ml2_type_flat": {"flat_networks": "public"},
        "nova": login,
        "placement": login,
        "oslo_concurrency": {"lock_path": folder / "lock"},
        "oslo_messaging_notifications": {"driver": "noop"},
    }
