# The public names; the package imports each when it is first used.
from kolmo.evaluation.audit_results import Audit as Audit, SizeRange as SizeRange
from kolmo.evaluation.auditing import audit as audit
from kolmo.evaluation.axioms import (
    AXIOM_TOLERANCE as AXIOM_TOLERANCE,
    AXIOMS as AXIOMS,
    COPY_THRESHOLD as COPY_THRESHOLD,
    IDEMPOTENCE_THRESHOLD as IDEMPOTENCE_THRESHOLD,
    LOG_FACTOR as LOG_FACTOR,
    PRIOR_THRESHOLD as PRIOR_THRESHOLD,
    AuditResult as AuditResult,
    AxiomViolation as AxiomViolation,
)
from kolmo.evaluation.compression_rates import (
    CompressionRate as CompressionRate,
    PositionCurve as PositionCurve,
    bits_by_position as bits_by_position,
    compression_rate as compression_rate,
)
from kolmo.evaluation.diagnostics import diagnose as diagnose
