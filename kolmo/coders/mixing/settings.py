"""Positions in the settings and registers of a context-mixing model."""

from __future__ import annotations

from kolmo.coders.mixing.text_contexts import N_TEXT_MEMORY

# settings: integers that determine the size and shape of a model
(
    N_CONTEXTS,
    TABLE_BITS,
    N_INPUTS,
    N_SETS,
    MATCH_BITS,
    MATCH_LENGTH,
    LONG_MATCH_LENGTH,
    REFINE_BITS,
    SAMPLE,
    ROW,
    RATE,
    LEAST_RATE,
    SAMPLE_BYTES,
    HIDDEN,
    MAX_MISMATCHES,
) = range(15)
N_SETTINGS = 15

# registers: the state of a model from byte to byte, in addition to its tables
(
    R_POSITION,
    R_LAST,
    R_BEFORE,
    R_WORD,
    R_WORD1,
    R_WORD2,
    R_POINTER,
    R_MATCH,
    R_EXPECTED,
    R_LETTERS,
    R_LONG_POINTER,
    R_LONG_MATCH,
    R_LONG_EXPECTED,
    R_LINE_START,
    R_ABOVE_START,
    R_MISMATCHES,
    R_LONG_MISMATCHES,
    R_TEXT,
) = range(18)
N_REGISTERS = R_TEXT + N_TEXT_MEMORY
