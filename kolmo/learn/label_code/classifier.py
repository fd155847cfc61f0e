"""Classification by the code length of the label, given the text."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_choice, check_count
from kolmo._core.models.saving import ModelState
from kolmo.errors import DataError, ParameterError
from kolmo.learn import states
from kolmo.learn.base import RefittedClassifier, check_lengths
from kolmo.learn.label_code import explanation
from kolmo.learn.label_code.members import NAMES, PRESETS, Members, choose_kinds
from kolmo.learn.labels import classes_of, codes_of, labels_of, same_kind

_FIRST_BLOCK = 16


class LabelCodeClassifier(RefittedClassifier):
    """Classify texts by the code length of the label given the text: the label with the fewest bits.

    The score of a label is ``-log2 p(label | text)``, the bits with which an arithmetic coder names the label to a
    decoder that has the text and this classifier. The probability is a product of up to four predictions, each to the
    power of an exponent, normalized:

    - "counts": each n-gram of the text predicts the label by the labels of the training texts that contain it. An
      n-gram g, in n(g) texts of which N(g, c) have the label c, saves
      ``log2((N(g, c) + 3 pi(c)) / (n(g) + 3)) - log2 pi(c)`` bits on c, with pi(c) the share of c among all texts. The
      savings are averaged over n-grams of the same kind and frequency, and pooled with weights that are not negative.
    - "weights": a log-linear model (multinomial logistic regression, trained by averaged AdaGrad) with a value for
      each n-gram, ``sqrt(count * cost * gain)``: the bits that name the n-gram, and those that it saves on the label on
      average.
    - "coders": what models of the text given each class save on it against a background, the model of the text in
      all classes. These are compressors, see `CodeLengthClassifier` with ``background=True``.
    - "neighbors": the labels of the 32 training texts that share most n-grams of 4 bytes with the text, each n-gram
      weighted by the bits that name it.

    Counts, coders and neighbors predict each training text as if it had not been there, exactly. The exponents are
    fitted to the log loss of a quarter of the training texts, predicted by weights that are trained without them.
    Copies of a text are held out together, and those with the same label are left out together. Counts and
    neighbors ignore n-grams in more than half of the texts. The result depends on the order of the training texts.

    Parameters
    ----------
    members : sequence of {"counts", "weights", "coders", "neighbors"}
        The predictions to use.
    n_grams : {"auto", "all", "runs"}
        ``"runs"`` are those of 3 to 6 bytes and of one or two words. ``"all"`` adds 1 and 2 bytes, three words, pairs
        of words at a distance of 2 to 4, and pairs of the first word and another. ``"auto"`` takes those with the
        fewest bits on held-out training texts, and "runs" for more than 4 MB of text.
    normalize : bool
        Read texts in lower case (ASCII) and with single spaces. Rows of numbers are read as they are. The coders
        read texts and rows in lower case and with single spaces in any case.
    random_state : int
        Seed of the held-out texts and of the order of training.
    n_jobs : int, optional
        Number of threads, as in joblib. The result is the same to the bit for any number.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    exponents_ : dict of str to float
        The exponent of each member.
    n_grams_ : str
        The n-grams used.
    n_copies_ : int
        Number of training texts that are equal to another one. They are left out together, so they do not harm.
    n_features_in_ : int
        Number of columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, missing labels, or a single class.
    ParameterError
        In `fit`: a parameter has an unknown value.

    References
    ----------
    Rissanen, "Universal coding, information, prediction, and estimation", IEEE Transactions on Information Theory,
    1984, for prequential codes. Jiang et al., "Low-resource text classification: a parameter-free classification method
    with compressors", Findings of ACL 2023, for neighbors by shared information. Hinton, "Training products of experts
    by minimizing contrastive divergence", Neural Computation 2002. Duchi, Hazan and Singer, "Adaptive subgradient
    methods", JMLR 2011.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose", "a bond and a stock"]
    >>> classifier = LabelCodeClassifier().fit(texts, ["pets", "pets", "money", "money"])
    >>> classifier.predict(["the kitten sat on the mat", "stocks and bonds rose"]).tolist()
    ['pets', 'money']
    """

    def __init__(
        self,
        *,
        members: Any = NAMES,
        n_grams: Literal["auto", "all", "runs"] = "auto",
        normalize: bool = True,
        random_state: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.members = members
        self.n_grams = n_grams
        self.normalize = normalize
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_parameters(self) -> None:
        super()._check_parameters()
        members = self.members
        if not isinstance(members, list | tuple | set) or not members or not all(name in NAMES for name in members):
            raise ParameterError(f"members: expected a list of some of {list(NAMES)}, got {members!r}")
        check_choice("n_grams", self.n_grams, ("auto", *PRESETS))
        check_count("random_state", self.random_state, 0, 2**32 - 1)
        if not isinstance(self.normalize, bool | np.bool_):
            raise ParameterError(f"normalize: expected True or False, got {self.normalize!r}")

    def _fit(self, items: list[bytes], codes: NDArray[np.intp]) -> Self:
        self._training_items, self._codes = items, codes
        self._members = self._fitted(items, codes, len(self.classes_))
        self.exponents_ = dict(zip(self._members.names, self._members.exponents.tolist(), strict=True))
        self.n_copies_ = self._members.n_copies
        return self

    def _fitted(self, items: list[bytes], codes: NDArray[np.intp], n_classes: int) -> Members:
        options = self._member_options()
        self.n_grams_: str = self.n_grams
        if self.n_grams == "auto":
            reads_n_grams = set(self.members) != {"coders"}
            self.n_grams_ = choose_kinds(items, codes, n_classes, **options) if reads_n_grams else "runs"
        members = Members(self.members, PRESETS[self.n_grams_], **options)
        members.fit(items, codes, n_classes)
        return members

    def _member_options(self) -> dict[str, Any]:
        from joblib import effective_n_jobs

        return {
            "normalize": bool(self.normalize) and self._row_dtype is None,
            "random_state": int(self.random_state),
            "n_threads": effective_n_jobs(self.n_jobs),
        }

    def _model_state(self) -> ModelState:
        check_is_fitted(self, "classes_")
        members = self._members
        values = states.input_values(self) | states.training_values(self.classes_, len(self._codes))
        values |= {"members": members.names, "n_grams": self.n_grams_, "normalize": members.normalize}
        values["n_copies"] = int(self.n_copies_)
        arrays = states.training_arrays(self._training_items, self._codes)
        return ModelState(values, arrays | members.arrays(), states.stored_parameters(self))

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        made = states.made_from(cls, state.parameters)
        states.restore_inputs(made, state)
        states.restore_classes(made, state)
        items, codes = made._training_items, made._codes = states.training_set(state, len(made.classes_))
        names, made.n_grams_ = state.value("members", list), state.value("n_grams", str)
        if not names or not set(names) <= set(NAMES) or made.n_grams_ not in PRESETS:
            raise DataError(
                f"expected members among {list(NAMES)} and n-grams among {list(PRESETS)}, got {names!r:.60}"
            )
        options = made._member_options() | {"normalize": state.value("normalize", bool)}
        made._members = Members(names, PRESETS[made.n_grams_], **options)
        made._members.restore(items, codes, len(made.classes_), state)
        made._members.n_copies = made.n_copies_ = state.value("n_copies", int)
        made.exponents_ = dict(zip(made._members.names, made._members.exponents.tolist(), strict=True))
        return made

    def code_lengths(self, X: Any) -> NDArray[np.float64]:
        """Return the code length of each label given each text, in bits.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Bits, in the order of `classes_`: ``-log2 p(label | text)``.
        """
        check_is_fitted(self, "classes_")
        items = self._items(X, reset=False)
        logs = self._members.log_probabilities(items, n_threads=self._member_options()["n_threads"])
        bits: NDArray[np.float64] = logs / -np.log(2)
        return bits

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each label.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; each row sums to 1.
        """
        shares = np.exp2(-self.code_lengths(X))
        found: NDArray[np.float64] = shares / shares.sum(1, keepdims=True)
        return found

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each label; see `predict_proba`."""
        logs: NDArray[np.float64] = -self.code_lengths(X) * np.log(2)
        return logs

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return minus the bits of each label; with two labels, the bits that the second saves over the first.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
        """
        bits = self.code_lengths(X)
        return bits[:, 0] - bits[:, 1] if len(self.classes_) == 2 else -bits

    def _predicted(self, X: Any) -> NDArray[np.intp]:
        codes: NDArray[np.intp] = self.code_lengths(X).argmin(axis=1)
        return codes

    def label_code_length(self, X: Any, y: Any) -> float:
        """Return the length of the prequential code of labels, in bits: sender and receiver have the texts.

        The first 16 labels cost log2(n_classes) bits each. Each further block, as long as all before it, is coded by a
        classifier with these parameters that is fitted to the labels before, which the receiver can do, too. No fitted
        attribute is used or changed. The labels that occur are known to both.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts, in the order in which they are coded.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        float

        References
        ----------
        Dawid, "Present position and potential developments: some personal views, statistical theory, the prequential
        approach", Journal of the Royal Statistical Society A, 1984. Blier and Ollivier, "The description length of
        deep learning models", NeurIPS 2018, for the code by blocks.

        Examples
        --------
        >>> texts = [f"{word} {number}" for number in range(40) for word in ("cat", "bond")]
        >>> bits = LabelCodeClassifier().label_code_length(texts, ["pets", "money"] * 40)
        >>> 16 < bits < 20
        True
        """
        from sklearn.base import clone

        other = clone(self)
        other._check_parameters()
        items, labels = other._items(X, reset=True), labels_of(y)
        check_lengths(len(items), len(labels))
        if len(np.unique(labels)) == 1:
            return 0.0
        other.classes_, codes = classes_of(labels)
        n_classes, done = len(other.classes_), min(_FIRST_BLOCK, len(items))
        bits = done * np.log2(n_classes)
        while done < len(items):
            members = other._fitted(items[:done], codes[:done], n_classes)
            block = slice(done, min(2 * done, len(items)))
            logs = members.log_probabilities(items[block], n_threads=members.n_threads)
            bits -= logs[np.arange(len(logs)), codes[block]].sum() / np.log(2)
            done = block.stop
        return float(bits)

    def left_out_code_lengths(self, X: Any, y: Any) -> NDArray[np.float64]:
        """Return the code length of each label of training texts, by a classifier without the text, in bits.

        Counts, coders and neighbors are without the text and its copies. The weights are trained on the other four of
        five folds. Only the exponents, one a member, are fitted to all texts. No fitted attribute is used or changed.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training texts.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Bits, in the order of the sorted labels.

        Examples
        --------
        >>> texts = ["the cat sat", "a cat and a kitten", "the kitten sat", "stocks fell", "bonds fell", "stocks rose"]
        >>> bits = LabelCodeClassifier().left_out_code_lengths(texts, ["pets"] * 3 + ["money"] * 3)
        >>> bits.shape
        (6, 2)
        """
        from sklearn.base import clone

        other = clone(self)
        other._check_parameters()
        items, codes = other._training_set(X, y)
        n_classes, options = len(other.classes_), other._member_options()
        kinds = choose_kinds(items, codes, n_classes, **options) if self.n_grams == "auto" else self.n_grams
        members = Members(self.members, PRESETS[kinds], **options)
        bits: NDArray[np.float64] = members.left_out(items, codes, n_classes) / -np.log(2)
        return bits

    def explain(self, text: Any, label: Any = None, against: Any = None) -> explanation.Explanation:
        """Return the bits that each n-gram and each coder saves on a label, compared with another label.

        Parameters
        ----------
        text : str or bytes
            One text.
        label, against : label, optional
            Two of `classes_`; by default the predicted label, and the one with the fewest bits among the others.

        Returns
        -------
        Explanation
            Its bits sum to the difference of the two code lengths.

        Examples
        --------
        >>> texts = ["the cat sat", "a cat and a kitten", "stocks fell", "bonds and stocks"]
        >>> classifier = LabelCodeClassifier().fit(texts, ["pets", "pets", "money", "money"])
        >>> found = classifier.explain("the cat")
        >>> found.label, found.against
        ('pets', 'money')
        >>> abs(sum(part.bits for part in found.parts) - found.bits) < 0.001
        True
        """
        check_is_fitted(self, "classes_")
        if isinstance(text, list | tuple) and any(isinstance(each, str | bytes) for each in text):
            raise ParameterError(f"expected one text, got {len(text)} in a {type(text).__name__}; pass one of them")
        item = self._items([text], reset=False)[0]
        bits = self._members.log_probabilities([item])[0] / -np.log(2)
        chosen = [self._code_of(name) if name is not None else None for name in (label, against)]
        ranked = [code for code in np.argsort(bits, kind="stable").tolist() if code not in chosen]
        first = ranked.pop(0) if chosen[0] is None else chosen[0]
        second = ranked.pop(0) if chosen[1] is None else chosen[1]
        if first == second:
            raise ParameterError(f"expected two different labels, got {self.classes_.tolist()[first]!r} twice")
        parts = explanation.parts_of(self._members, item, first, second)
        one, other = self.classes_[[first, second]].tolist()
        return explanation.Explanation(label=one, against=other, bits=float(bits[second] - bits[first]), parts=parts)

    def _code_of(self, label: Any) -> int:
        code = int(codes_of(same_kind(labels_of([label]), self.classes_), self.classes_)[0])
        if code < 0:
            raise ParameterError(f"expected a label among {self.classes_.tolist()}, got {label!r}")
        return code
