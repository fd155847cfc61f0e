# The public names; the package imports each when it is first used.
from kolmo.measures.distance import (
    Neighbors as Neighbors,
)
from kolmo.measures.distance import (
    cdm as cdm,
)
from kolmo.measures.distance import (
    conditional_cdm as conditional_cdm,
)
from kolmo.measures.distance import (
    conditional_ncd as conditional_ncd,
)
from kolmo.measures.distance import (
    ncd as ncd,
)
from kolmo.measures.distance import (
    pairwise as pairwise,
)
from kolmo.measures.formulas import MEASURES as MEASURES
from kolmo.measures.formulas import Measure as Measure
