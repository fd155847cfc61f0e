"""`profile_data`: how compressible and how learnable a data set is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.checks import check_count, check_jobs, check_path
from kolmo._core.resumable import Arrays, open_checkpoint, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.data.corpus import Corpus
from kolmo.errors import ParameterError
from kolmo.profile.contents import (
    Copies,
    LabelCode,
    label_bits,
    label_remarks,
    near_copies,
    ranked_items,
    surprise,
    token_cost,
)
from kolmo.profile.default_coders import LADDER
from kolmo.profile.ladder import CoderRate, Parts, measured_alone, measured_given, measured_together, rate_of
from kolmo.profile.prequential import ORDER, PrequentialCurve
from kolmo.profile.reference import ReferenceBand, VerdictShares
from kolmo.profile.results import DataProfile
from kolmo.profile.sampling import Sample, sample_of

SAMPLE_BYTES = 2**21
_LEAST_DOCUMENTS = 10
_RANKED, _JUDGED_BYTES = 20, 2**20
_SURPRISE_CODER = "ngram"


def profile_data(
    data: Any,
    *,
    name: str | None = None,
    coders: Sequence[CoderLike] = LADDER,
    sample_bytes: int = SAMPLE_BYTES,
    reference: ReferenceBand | None = None,
    tokenizer: Callable[[str], Sequence[Any]] | None = None,
    checkpoint: str | Path | None = None,
    n_jobs: int | None = None,
) -> DataProfile:
    """Profile a data set: how compressible, how redundant, what is structure and what is noise.

    The set is read once. Sizes, empty documents and the entropy of bytes are those of the whole set; all else is
    measured on a sample of documents, those with the smallest digests, which is the same for any order of the set and
    keeps copies together. The memory is that of the sample.

    Parameters
    ----------
    data : str, bytes-like, Corpus, collection of str or bytes, or iterator
        The set. A string is cut into pieces. An iterator yields bytes, or pairs of bytes and label, one document at a
        time.
    name : str, optional
        Name in tables; that of a corpus by default.
    coders : sequence of str, mapping or Coder
        The ladder. The last one states the diversity, and the last predictive one the structure and the noise.
    sample_bytes : int
        Bytes of the sample.
    reference : ReferenceBand, optional
        Judge the documents by this reference.
    tokenizer : callable, optional
        Takes a text and returns its tokens.
    checkpoint : str or Path, optional
        Save progress to this file, and resume from it.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.

    Returns
    -------
    DataProfile

    Raises
    ------
    DataError
        If the set is empty, or the checkpoint belongs to another run.

    Examples
    --------
    >>> texts = [f"report {n} of station {n % 7}: {n * n} birds were seen" for n in range(200)]
    >>> found = profile_data(texts, coders=["order0", "ngram"])
    >>> [rate.coder for rate in found.rates], found.rates[1].together < found.rates[1].alone
    (['order0', 'ngram'], True)
    """
    start = time.perf_counter()
    check_count("sample_bytes", sample_bytes, 1, 2**40)
    check_jobs(n_jobs)
    check_path("checkpoint", checkpoint)
    made = [make_coder(each) for each in coders]
    if not made:
        raise ParameterError("coders: expected at least one coder, got none")
    called = name or (data.name if isinstance(data, Corpus | Sample) else "data")
    sample = data if isinstance(data, Sample) else sample_of(data, name=called, max_bytes=sample_bytes)
    parts = Parts.of(sample, sample_bytes)
    found = _measured(sample, parts, made, checkpoint, n_jobs)
    rates = [
        rate_of(coder, parts, found["alone", place][0], found["given", place], found["together", place])
        for place, coder in enumerate(made)
    ]
    items = ranked_items(sample, found["surprise", 0])
    bytes_per_token = None if tokenizer is None else token_cost(sample, tokenizer, sample_bytes)
    untokenized = ["no document is text with tokens, so bytes/token is not stated"]
    few = items if len(items) <= 2 * _RANKED else [*items[:_RANKED], *items[-_RANKED:]]
    return DataProfile(
        name=called,
        n_documents=sample.n_documents,
        n_empty=sample.n_empty,
        n_binary=sample.n_binary,
        n_cut=sample.n_cut,
        size_bytes=sample.size_bytes,
        sampled=sample.share,
        is_pieces=sample.is_pieces,
        byte_entropy=_byte_entropy(sample),
        rates=tuple(rates),
        copies=Copies.of(sample, found["near", 0][0]),
        curve=_curve(made, found, called),
        items=tuple(few),
        label_code=LabelCode.of(sample, found["labels", 0][0]),
        judged=None if reference is None else _judged(sample, reference, n_jobs),
        bytes_per_token=bytes_per_token,
        seconds=time.perf_counter() - start,
        warnings=[*_warnings(sample, rates), *(untokenized if tokenizer and bytes_per_token is None else [])],
    )


def _measured(
    sample: Sample, parts: Parts, coders: Sequence[Coder], checkpoint: str | Path | None, n_jobs: int | None
) -> dict[tuple[str, int], Arrays]:
    """Measure everything, the slowest first, in parallel and with saved parts."""
    kinds = (("together", measured_together), ("alone", measured_alone), ("given", measured_given))
    tasks: dict[tuple[str, int], tuple[Any, ...]] = {}
    tasks["labels", 0] = (label_bits, sample)
    for place in reversed(range(len(coders))):
        tasks |= {(kind, place): (function, coders[place], parts) for kind, function in kinds}
    tasks["near", 0] = (near_copies, sample)
    tasks["surprise", 0] = (surprise, sample, make_coder(_SURPRISE_CODER))
    run = open_checkpoint(
        checkpoint,
        sample.name,
        "; ".join(each.fingerprint for each in coders),
        parts.together,
        [repr((each.label, each.count)).encode() for each in sample.documents],
        label="profile",
        sample_bytes=sum(map(len, parts.together)),
    )
    label = f"profile of {sample.name:.40}"
    found = run_tasks(_call, list(tasks.values()), label=label, prefer="threads", run=run, n_jobs=n_jobs)
    return dict(zip(tasks, found, strict=True))


def _call(function: Callable[..., Arrays], *arguments: Any) -> Arrays:
    return function(*arguments)


def _byte_entropy(sample: Sample) -> float:
    shares = sample.histogram[sample.histogram > 0] / sample.histogram.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def _curve(coders: Sequence[Coder], found: dict[tuple[str, int], Arrays], name: str) -> PrequentialCurve | None:
    predictive = [place for place, coder in enumerate(coders) if isinstance(coder, PredictiveCoder)]
    if not predictive:
        return None
    coder = coders[predictive[-1]]
    _, _, edges, bits, squares = found["together", predictive[-1]]
    facts = {"order": ORDER, "coder": str(coder), "fingerprint": coder.fingerprint, "name": name}
    return PrequentialCurve.of(edges, bits, squares, **facts)


def _judged(sample: Sample, reference: ReferenceBand, n_jobs: int | None) -> VerdictShares:
    chosen = sample.distinct(_JUDGED_BYTES)
    judged = reference.judge([each.data for each in chosen], n_jobs=n_jobs)
    return VerdictShares.of(judged, [each.count for each in chosen])


def _warnings(sample: Sample, rates: Sequence[CoderRate]) -> list[str]:
    said = []
    if sample.is_pieces:
        size = max(len(each.data) for each in sample.documents)
        said.append(f"one document, measured in pieces of {size:,} bytes; intervals are over pieces")
    elif len(sample.documents) < _LEAST_DOCUMENTS:
        said.append(f"{len(sample.documents):,} different documents are few: intervals over them are rough")
    if sample.n_empty:
        said.append(f"{sample.n_empty:,} of {sample.n_documents:,} documents are empty and left out")
    if 0 < sample.n_binary < sample.n_documents - sample.n_empty:
        said.append(f"{sample.n_binary:,} of {sample.n_documents:,} documents are not text, such as binary data")
    if sample.n_cut and not sample.is_pieces:
        said.append(f"{sample.n_cut:,} documents were cut into pieces of 65,536 bytes, which count as documents")
    if all(rate.given_others is None for rate in rates):
        said.append("no documents are left to read first, so nothing is measured given others")
    return said + label_remarks(sample)
