# The public names; the package imports each when it is first used.
from kolmo.distances.api import (
    Neighbors as Neighbors,
    cdm as cdm,
    conditional_cdm as conditional_cdm,
    conditional_ncd as conditional_ncd,
    ncd as ncd,
    pairwise as pairwise,
)
from kolmo.distances.formulas import (
    MEASURES as MEASURES,
    Measure as Measure,
)
from kolmo.distances.matrices import (
    centered as centered,
    symmetric as symmetric,
)
from kolmo.distances.multisets import multiset_ncd as multiset_ncd
