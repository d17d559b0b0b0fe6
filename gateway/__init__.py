"""SFTP and WebDAV over the archives, by rclone: it knows no portal, and keeps neither secrets nor data.

    python -m gateway host-key FILE                     the key that makes it known to SFTP clients
    python -m gateway serve sftp --listen HOST:PORT --host-key FILE
    python -m gateway serve webdav --listen HOST:PORT
    python -m gateway healthy sftp|webdav HOST:PORT

Where the storage is, the environment says: GATEWAY_ENDPOINT (its S3 address), GATEWAY_REGION, GATEWAY_CA_FILE.
"""
