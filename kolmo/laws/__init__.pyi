# The public names; the package imports each when it is first used.
from kolmo.laws.catalogue import FORMS as FORMS
from kolmo.laws.comparisons import LawComparison as LawComparison, compare_laws as compare_laws
from kolmo.laws.designs import Design as Design
from kolmo.laws.fits import Band as Band, LawFit as LawFit, fit_law as fit_law
from kolmo.laws.forms import Coefficient as Coefficient, Form as Form, Parameter as Parameter
from kolmo.laws.isoflop import IsoFlop as IsoFlop, Optimum as Optimum, fit_isoflop as fit_isoflop
from kolmo.laws.trends import Trend as Trend, fit_trend as fit_trend
