# The public names; the package imports each when it is first used.
from kolmo.joint.caveats import diagnose_matrix as diagnose_matrix
from kolmo.joint.estimates import Gain as Gain
from kolmo.joint.gain_matrix_results import GainMatrix as GainMatrix
from kolmo.joint.gain_results import JointGain as JointGain
from kolmo.joint.growth_curves import GainCurve as GainCurve, gain_curve as gain_curve
from kolmo.joint.many_sets import (
    gain_matrix as gain_matrix,
    random_control as random_control,
    resampled_matrices as resampled_matrices,
)
from kolmo.joint.paired_sets import PairedGain as PairedGain, paired_gain as paired_gain
from kolmo.joint.transfer import transfer_gain as transfer_gain
from kolmo.joint.transfer_results import (
    CurvePoint as CurvePoint,
    Estimate as Estimate,
    TrainingRun as TrainingRun,
    TransferGain as TransferGain,
)
from kolmo.joint.two_sets import joint_gain as joint_gain
