"""All forms of scaling laws by name."""

from __future__ import annotations

from kolmo.errors import ParameterError
from kolmo.laws.forms.base import Form
from kolmo.laws.forms.curves import CURVES
from kolmo.laws.forms.surfaces import SURFACES

FORMS: dict[str, Form] = CURVES | SURFACES
"""The forms of scaling laws by name, for `fit_law`."""


def form_of(form: str | Form) -> Form:
    """Return a form, or the one with this name."""
    if isinstance(form, Form):
        return form
    if form not in FORMS:
        raise ParameterError(f"form: expected a Form or one of {', '.join(FORMS)}; got {form!r:.60}")
    return FORMS[form]
