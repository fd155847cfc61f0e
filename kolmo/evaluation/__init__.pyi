# The public names; the package imports each when it is first used.
from kolmo.evaluation.auditing import (
    Audit as Audit,
    Span as Span,
    audit as audit,
)
from kolmo.evaluation.axioms import (
    AXIOMS as AXIOMS,
    Cell as Cell,
    Excess as Excess,
)
from kolmo.evaluation.diagnostics import doubts as doubts
