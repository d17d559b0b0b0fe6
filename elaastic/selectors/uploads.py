"""The command that puts a machine's image where it is looked for: pure functions of the address.

Tried with rclone 1.60 and aws 2.9, each with the file of the writer's key in the present folder.
"""

from typing import Final

# What an export may be called; the portal goes by the content.
EXAMPLE: Final = "{machine}.qcow2"


def upload_commands(endpoint: str, bucket: str, machine: str) -> list[tuple[str, str]]:
    """(tool, command). Both send large files in parts, and what is cut off is no image."""
    file = EXAMPLE.format(machine=machine)
    aws = "AWS_CONFIG_FILE=aws-writer.ini AWS_SHARED_CREDENTIALS_FILE=aws-writer.ini"
    return [
        ("rclone", f"rclone --config rclone.conf copy {file} elaastic-writer:{bucket}/{machine}/"),
        ("aws-cli", f"{aws} aws --endpoint-url {endpoint} s3 cp {file} s3://{bucket}/{machine}/"),
    ]
