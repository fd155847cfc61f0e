# The public names; the package imports each when it is first used.
from kolmo.laws.bands import Band as Band, HeldOut as HeldOut
from kolmo.laws.comparisons import LawComparison as LawComparison, compare_laws as compare_laws
from kolmo.laws.designs import Design as Design
from kolmo.laws.emergence import Emergence as Emergence, explain_emergence as explain_emergence
from kolmo.laws.fits import LawFit as LawFit, fit_law as fit_law
from kolmo.laws.forms.base import Coefficient as Coefficient, Form as Form, Parameter as Parameter
from kolmo.laws.forms.catalogue import FORMS as FORMS
from kolmo.laws.isoflop import IsoFlop as IsoFlop, fit_isoflop as fit_isoflop
from kolmo.laws.optima import (
    EpochAdvice as EpochAdvice,
    Optimum as Optimum,
    compute_optimum as compute_optimum,
    epoch_advice as epoch_advice,
)
from kolmo.laws.prequential import DataCurve as DataCurve, data_curve as data_curve
from kolmo.laws.shapes import Shape as Shape, shape_of as shape_of
from kolmo.laws.sweeps.results import SizeNeed as SizeNeed, Sweep as Sweep, SweepRun as SweepRun
from kolmo.laws.sweeps.study import run_sweep as run_sweep
from kolmo.laws.trends import Trend as Trend, fit_trend as fit_trend
