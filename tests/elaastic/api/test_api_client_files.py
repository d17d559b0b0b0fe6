"""The files for clients, read as their clients read them."""

import configparser
import subprocess

import pytest

from elaastic.selectors.access import Connection
from elaastic.selectors.configs import NEEDS, SECRET_HERE, TOOLS, Access, tools_for
from provisioning.domain.secrets import Secret
from tests.elaastic.region import FINGERPRINT, HOST_KEY, WAYS

PLACE = Connection("https://s3.region.example:7480", "marche", ("backup", "atti"), "ente", WAYS, HOST_KEY)
HERE = PLACE.access("writer", "AK", Secret("s/e+cret"))


def _read(tool: str, access: Access = HERE) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(TOOLS[tool](access).text)
    return parser


def test_rclone_reads_a_remote_that_creates_no_bucket() -> None:
    remote = _read("rclone")["elaastic-writer"]
    assert (remote["type"], remote["provider"], remote["endpoint"]) == ("s3", "Ceph", HERE.endpoint)
    assert (remote["access_key_id"], remote["secret_access_key"]) == ("AK", "s/e+cret")
    assert remote["no_check_bucket"] == "true"


@pytest.mark.parametrize(("endpoint", "https"), [("https://a.example", "True"), ("http://a.example", "False")])
def test_s3cmd_addresses_by_path_and_keeps_to_the_endpoints_scheme(endpoint: str, https: str) -> None:
    read = _read("s3cmd", Access("writer", endpoint, "marche", "AK", ("backup",)))["default"]
    assert read["host_base"] == read["host_bucket"] == "a.example"
    assert read["use_https"] == https
    assert read["secret_key"] == SECRET_HERE


def test_aws_reads_endpoint_region_and_path_style() -> None:
    read = _read("awscli")["default"]
    assert (read["endpoint_url"], read["region"]) == (HERE.endpoint, "marche")
    assert "addressing_style = path" in read["s3"]
    assert read["aws_secret_access_key"] == "s/e+cret"


def test_a_shell_reads_the_environment_of_restic() -> None:
    script = (
        TOOLS["restic"](HERE).text
        + 'printf "%s|%s|%s" "$RESTIC_REPOSITORY" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"'
    )
    said = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"HOME": "/nowhere"}
    )
    assert said.stdout == f"s3:{HERE.endpoint}/backup|AK|s/e+cret"


@pytest.mark.parametrize("tool", TOOLS)
def test_every_archive_is_named_and_every_file_has_its_place(tool: str) -> None:
    made = TOOLS[tool](HERE)
    assert "backup, atti" in made.text
    assert made.filename
    assert "/" not in made.filename
    assert "s/e+cret" not in repr(HERE)


@pytest.mark.parametrize(
    ("tool", "url"), [("rclone-sftp", ("files.example", "2022")), ("webdav", (WAYS["webdav"],))]
)
def test_rclone_reads_the_password_that_it_wants_obscured(tool: str, url: tuple[str, ...]) -> None:
    (remote,) = (section for name, section in _read(tool).items() if name != "DEFAULT")
    assert remote["user"] == "AK"
    assert set(url) <= set(remote.values())
    said = subprocess.run(["rclone", "reveal", "--", remote["pass"]], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "s/e+cret"


def test_the_host_key_stands_where_its_client_looks_for_it() -> None:
    assert f"KnownHostsCommand /bin/echo elaastic {HOST_KEY}\n" in TOOLS["sftp"](HERE).text
    assert FINGERPRINT in TOOLS["sftp"](HERE).text
    assert TOOLS["rclone-sftp"](HERE).text.startswith(f"# echo '[files.example]:2022 {HOST_KEY}' > ")


def test_a_shell_reads_the_environment_of_swift() -> None:
    script = TOOLS["swift"](HERE).text + 'printf "%s|%s|%s" "$ST_AUTH" "$ST_USER" "$ST_KEY"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    assert said.stdout == f"{WAYS['swift']}|ente$writer:AK|s/e+cret"


@pytest.mark.parametrize("tool", NEEDS)
def test_without_the_secret_each_file_says_where_it_goes(tool: str) -> None:
    made = TOOLS[tool](PLACE.access("restore", "AK"))
    assert SECRET_HERE in made.text
    assert "s/e+cret" not in made.text


def test_a_tool_is_offered_with_its_protocol() -> None:
    assert tools_for(HERE) == list(TOOLS)
    alone = Connection(PLACE.endpoint, "marche", ("backup",))
    assert tools_for(alone.access("writer", "AK")) == ["rclone", "restic", "s3cmd", "awscli"]
