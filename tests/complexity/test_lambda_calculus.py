from __future__ import annotations

import pytest

from kolmo.complexity import lambda_terms
from kolmo.complexity.lambda_calculus import closed_terms, normal_form, parse_term, term_bits
from kolmo.errors import ParameterError

NORMAL = (101, 134, 297, 431, 882, 1361, 2729, 4405)
TERMS = {21: 22, 22: 24, 23: 26}
PROGRAMS = {23: 22, 24: 24}


def test_published_values_of_terms() -> None:
    levels = {level.bits: level for level in lambda_terms(23)}
    assert tuple(levels[bits].normal for bits in range(16, 24)) == NORMAL
    assert {bits: levels[bits].largest for bits in TERMS} == TERMS


def test_published_values_of_programs() -> None:
    levels = {level.bits: level for level in lambda_terms(24, programs=True)}
    assert {bits: levels[bits].largest for bits in PROGRAMS} == PROGRAMS


@pytest.mark.slow
def test_all_published_values() -> None:
    """Two to four minutes: closed terms to 30 bits (A333479, A333958), self-delimiting programs to 32 (A361211)."""
    terms = {level.bits: level for level in lambda_terms(30)}
    assert [terms[bits].largest for bits in range(21, 31)] == [22, 24, 26, 30, 42, 52, 44, 58, 223, 160]
    assert [terms[bits].normal for bits in range(16, 31)] == [
        *NORMAL,
        *(8549, 14311, 27400, 47101, 89022, 156080, 293014),
    ]
    programs = {level.bits: level for level in lambda_terms(32, programs=True)}
    assert [programs[bits].largest for bits in range(23, 33)] == [22, 24, 26, 30, 42, 52, 44, 64, 223, 160]


def test_terms_are_coded() -> None:
    for term in closed_terms(14):
        assert term_bits(term) == 14
    identity = parse_term("0010")
    assert normal_form((identity, (identity, identity))) == identity
    assert normal_form(parse_term("01" + "00011010" * 2)) is None, "the term that becomes itself"
    for code in ("", "00", "10", "001", "00100", "0020", "0" * 5000):
        with pytest.raises(ParameterError, match="expected the bits"):
            parse_term(code)
    with pytest.raises(ParameterError):
        lambda_terms(41)
