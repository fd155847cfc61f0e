# The public names; the package imports each when it is first used.
from kolmo.container.api import compress as compress, decompress as decompress
from kolmo.container.archive import (
    DEFAULT_BLOCK_BYTES as DEFAULT_BLOCK_BYTES,
    ContainerReport as ContainerReport,
    read_container as read_container,
    read_header as read_header,
    write_container as write_container,
)
from kolmo.container.header import ContainerHeader as ContainerHeader, ContextFile as ContextFile
