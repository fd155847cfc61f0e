from __future__ import annotations

import pytest

import kolmo
from kolmo.complexity import run_program, shortest_program
from kolmo.errors import DataError, KolmoError, ParameterError


def test_the_result_is_a_certificate() -> None:
    found = kolmo.shortest_program("001" * 15, effort=0.02, exhaustive_bits=26)
    assert (found.bits, found.program, found.interval) == (22, '"001"*15', (22, 22))
    assert found.run() == "001" * 15 == run_program(found.program)
    assert len(found.code) == found.bits < found.literal_bits
    assert found.to_dict()["interval"] == [22, 22]
    assert '"001"*15' in str(found)
    assert found == kolmo.shortest_program("001" * 15, effort=0.02, exhaustive_bits=26)


def test_a_string_without_a_short_program_has_an_interval() -> None:
    found = shortest_program("0100101010110100010110100101110001010110001111", effort=0.01, exhaustive_bits=26)
    assert found.interval == (27, 59)
    assert "27 to 59" in str(found)


@pytest.mark.parametrize(
    ("data", "alphabet", "kind"),
    [
        ("0110", None, "bits"),
        ("0123", None, "digits"),
        ("abab", None, "letters"),
        ("Abab", None, "bytes"),
        ("naïve", None, "bytes"),
        (b"0110", None, "bytes"),
        ([0, 1, 1], None, "bits"),
        ([3, 7, 11], None, "bytes"),
        ("0121", 3, "3 symbols"),
        ([0, 2, 1], 3, "3 symbols"),
        ([0, 20, 1], 26, "26 symbols"),
    ],
)
def test_alphabets(data: object, alphabet: object, kind: str) -> None:
    found = shortest_program(data, alphabet=alphabet, effort=0.005, exhaustive_bits=0)  # type: ignore[arg-type]
    assert found.alphabet == kind
    printed = found.run()
    assert printed == data if isinstance(data, str | bytes) else list(printed) == data or kind != "bytes"


def test_given_a_context_a_program_copies() -> None:
    text = "011010001110100101101100010111"
    alone, given = (shortest_program(text, context=context, effort=0.01) for context in (None, text))
    assert given.bits < alone.bits - 10
    assert given.program == "copy(0, 30)"
    assert given.run() == text


def test_the_fraction_orders_strings() -> None:
    fractions = [shortest_program(each, effort=0.0, exhaustive_bits=0).fraction for each in ("00000000", "01101000")]
    assert fractions[0] is not None
    assert fractions[1] is not None
    assert 0 < fractions[0] < fractions[1] <= 1


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        ("", {}, "empty"),
        ([], {}, "empty"),
        ("012", {"alphabet": "bits"}, "also has"),
        ("0", {"alphabet": "runes"}, "alphabet"),
        ("0", {"alphabet": 1}, "alphabet"),
        ([0, 5], {"alphabet": 3}, "symbols from 0 to 2"),
        ([-1, 5], {}, "symbols from 0"),
        ([0.5], {}, "integers"),
        (3.5, {}, "expected str"),
        ("01" * 2**16, {}, "at most"),
        ("01", {"effort": -1}, "effort"),
        ("01", {"exhaustive_bits": -1}, "exhaustive_bits"),
        ("01", {"context": "2"}, "also has"),
        ("01", {"memory": 10}, "memory"),
        ("01", {"seconds": 0}, "seconds"),
        ("a\ud800b", {}, "cannot be encoded"),
    ],
)
def test_bad_input_is_refused(data: object, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(KolmoError, match=message) as error:
        shortest_program(data, **arguments)  # type: ignore[arg-type]
    assert isinstance(error.value, DataError | ParameterError)
