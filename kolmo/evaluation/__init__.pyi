# The public names; the package imports each when it is first used.
from kolmo.evaluation.auditing import Audit as Audit, Span as Span, audit as audit
from kolmo.evaluation.axioms import AXIOMS as AXIOMS, Cell as Cell, Excess as Excess
from kolmo.evaluation.compression_rates import (
    Rate as Rate,
    bits_by_position as bits_by_position,
    compression_rate as compression_rate,
)
