# The public names; the package imports each when it is first used.
from kolmo.find.duplicates import (
    Duplicate as Duplicate,
    DuplicateReport as DuplicateReport,
    Removed as Removed,
    find_duplicates as find_duplicates,
)
from kolmo.find.leaks import Leak as Leak, LeakReport as LeakReport, find_leaks as find_leaks
from kolmo.find.pairs import Control as Control
