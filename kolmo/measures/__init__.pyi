# The public names; the package imports each when it is first used.
from kolmo.measures.auditing import Audit as Audit, Span as Span, audit as audit
from kolmo.measures.axioms import AXIOMS as AXIOMS, Cell as Cell, Excess as Excess
from kolmo.measures.distance import (
    Neighbors as Neighbors,
    cdm as cdm,
    conditional_cdm as conditional_cdm,
    conditional_ncd as conditional_ncd,
    ncd as ncd,
    pairwise as pairwise,
)
from kolmo.measures.formulas import MEASURES as MEASURES, Measure as Measure
from kolmo.measures.self_test import doubts as doubts
