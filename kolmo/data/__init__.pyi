# The public names; the package imports each when it is first used.
from kolmo.data.catalog import (
    DataSet as DataSet,
    describe as describe,
    fetch as fetch,
    list_datasets as list_datasets,
    load_dataset as load_dataset,
)
from kolmo.data.corpus import Corpus as Corpus
from kolmo.data.fetching import DataFile as DataFile
from kolmo.data.readers import read as read
