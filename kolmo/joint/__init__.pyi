# The public names; the package imports each when it is first used.
from kolmo.joint.caveats import set_doubts as set_doubts
from kolmo.joint.estimates import Gain as Gain
from kolmo.joint.growth_curves import gain_curve as gain_curve
from kolmo.joint.paired_sets import (
    PairedGain as PairedGain,
    paired_gain as paired_gain,
)
from kolmo.joint.transfer import (
    Saving as Saving,
    TrainedGain as TrainedGain,
    TrainedRow as TrainedRow,
    trained_gain as trained_gain,
)
from kolmo.joint.two_sets import (
    JointGain as JointGain,
    joint_gain as joint_gain,
    joint_gains as joint_gains,
    random_set as random_set,
)
