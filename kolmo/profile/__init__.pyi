# The public names; the package imports each when it is first used.
from kolmo.profile.frequencies import (
    SpatialFrequencies as SpatialFrequencies,
    spatial_frequencies as spatial_frequencies,
)
from kolmo.profile.influence import TrainingInfluence as TrainingInfluence, training_influence as training_influence
from kolmo.profile.ladder import CoderRate as CoderRate
from kolmo.profile.memorization import ExposureCurve as ExposureCurve, exposure_curve as exposure_curve
from kolmo.profile.planes import BitPlanes as BitPlanes, bit_planes as bit_planes
from kolmo.profile.prequential import PrequentialCurve as PrequentialCurve, prequential_curve as prequential_curve
from kolmo.profile.profiling import profile_data as profile_data
from kolmo.profile.reference import Judgements as Judgements, ReferenceBand as ReferenceBand
from kolmo.profile.results import DataProfile as DataProfile
