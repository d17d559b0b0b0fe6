"""The region file says how archives are reached; what it says badly is refused with the line at fault."""

from typing import Any

import pytest
import yaml

from provisioning.domain.region import RegionFileError, parse_region

KEY = "ssh-ed25519 " + "A" * 68


def region(endpoints: dict[str, str], **more: Any) -> str:
    platform = {
        "id": "ceph",
        "provider": "ceph",
        "sites": [],
        "endpoints": {"api": "http://s3.example", **endpoints},
        "credentials_file": "x",
        "queue": "ceph",
        **more,
    }
    return yaml.safe_dump({"installation": "mcloud", "sites": [], "platforms": [platform]}, sort_keys=False)


def test_what_has_an_endpoint_is_spoken() -> None:
    assert parse_region(region({})).platforms[0].protocols == ("s3",)
    ways = {"webdav": "https://dav.example", "sftp": "sftp://files.example:22"}
    assert parse_region(region(ways, sftp_host_key=KEY)).platforms[0].protocols == ("s3", "sftp", "webdav")


@pytest.mark.parametrize(
    ("endpoints", "more", "said"),
    [
        ({"sftp": "sftp://files.example:22"}, {}, "sftp_host_key must be the gateway's public key"),
        ({"sftp": "sftp://files.example:22"}, {"sftp_host_key": "SHA256:abc"}, "sftp_host_key must be"),
        ({"sftp": "files.example:22"}, {"sftp_host_key": KEY}, "sftp is like sftp://host:port"),
        ({"sftp": "sftp://files.example"}, {"sftp_host_key": KEY}, "sftp is like sftp://host:port"),
        ({"webdav": "ftp://dav.example"}, {}, "webdav is like http://host:port"),
        ({"swift": "https://s3.example:port/auth"}, {}, "swift is like http://host:port"),
        ({}, {"provider": "openstack"}, "domain must name the domain in which the portal makes projects"),
        ({}, {"provider": "openstack", "domain": 7}, "domain has the wrong type"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(endpoints: dict[str, str], more: dict[str, Any], said: str) -> None:
    with pytest.raises(RegionFileError, match=r"^line \d+: .*") as refused:
        parse_region(region(endpoints, **more))
    assert said in str(refused.value)
