# The public names; the package imports each when it is first used.
from kolmo.data.catalog import (
    DataFile as DataFile,
)
from kolmo.data.catalog import (
    DataSet as DataSet,
)
from kolmo.data.catalog import (
    describe as describe,
)
from kolmo.data.catalog import (
    fetch as fetch,
)
from kolmo.data.catalog import (
    load as load,
)
from kolmo.data.catalog import (
    names as names,
)
from kolmo.data.corpus import Corpus as Corpus
from kolmo.data.readers import read as read
