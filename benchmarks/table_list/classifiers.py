"""Classifiers of texts."""

from __future__ import annotations

from recorded_tables import Row, Table, mean, of

LABEL_CODE = "label code"
STRONGEST = "LinearSVC, word(1,2) + char_wb(2,5)"
CLASSIFY = "python benchmarks/classify.py --data-dir DATA -o benchmarks/results/classify.jsonl"
FIGURES = {
    "accuracy": "{accuracy:.4f}",
    "macro-F1": "{macro_f1:.4f}",
    "bits a label": "{bits:.3f}",
    "ECE": "{ece:.3f}",
    "fit s": "{fit_seconds:.1f}",
    "predict s": "{predict_seconds:.1f}",
    "peak MB": "{peak_MB:.0f}",
}


def folds(row: Row) -> Row:
    return {"folds": f", mean of {row['splits']} folds" if row.get("splits", 1) > 1 else ""}


def seconds(rows: list[Row]) -> str:
    return f"{rows[-1]['fit_seconds'] + rows[-1]['predict_seconds']:.0f}"


TABLES = {
    "classifiers": Table(
        record="classify",
        command=CLASSIFY,
        run=("set", "method"),
        where={"part": "full"},
        derive=folds,
        split="set",
        rows={"{set}, {train:,} train / {test:,} test{folds}": "{method}"},
        columns=FIGURES,
    ),
    "classifiers-few": Table(
        record="classify",
        command=f"{CLASSIFY} --part few",
        run=("set", "method", "shots"),
        where={"part": "few"},
        split="set",
        rows={"{set}": "{method}"},
        across="shots",
        spread={
            "{shots} a class: accuracy": "{accuracy:.3f} ± {half_interval:.3f}",
            "bits a label": "{bits:.3f}",
        },
        caption="A few labelled texts of each class; ± is half of the 95% interval over the draws of these texts.",
    ),
    "readme-classifiers": Table(
        record="classify",
        command=CLASSIFY,
        run=("set", "method"),
        where={"part": "full", "set": ("TREC", "R8", "AG News")},
        rows={"classifier": "{method}"},
        chosen=(
            STRONGEST,
            "LogisticRegression C=100, word(1,2)",
            "NGramVectorizer + LinearSVC",
            "CodeLengthClassifier(background=True)",
            LABEL_CODE,
        ),
        across="set",
        spread={"{set}": "{accuracy:.3f}"},
        columns={
            "bits a label, AG News": of("{bits:.3f}", set="AG News"),
            "seconds, AG News": of(seconds, set="AG News"),
        },
    ),
    "label-code-cost": Table(
        record="label_code_cost",
        command="python benchmarks/label_code_cost.py --data-dir DATA -o benchmarks/results/label_code_cost.jsonl",
        run=("set", "members"),
        split="set",
        rows={"{set}, {texts:,} texts of {MB:.0f} MB": "{members}"},
        columns={
            "fit s": "{fit_seconds:.1f}",
            "peak MB": "{peak_MB:.0f}",
            "predict us/byte": "{predict_us_per_byte:.2f}",
            "one short text, us": "{one_short_text_us:.0f}",
        },
    ),
    "languages": Table(
        record="languages",
        command=(
            "python benchmarks/languages.py --data-dir DATA -s masakhanews_lin -s masakhanews_lug "
            "-o benchmarks/results/languages.jsonl"
        ),
        run=("set", "method"),
        split="set",
        rows={"{set}": "{method}"},
        columns={
            "accuracy": "{accuracy:.3f}",
            "macro-F1": "{macro_f1:.3f}",
            "bits a label": "{bits:.3f}",
            "fit s": "{fit_seconds:.0f}",
            "predict s": "{predict_seconds:.0f}",
        },
    ),
    "mislabelled": Table(
        record="mislabelled",
        command="python benchmarks/mislabelled.py ag_news/train10k.tsv -o benchmarks/results/mislabelled.jsonl",
        run=("set", "method", "seed"),
        rows={"ranking": "{method}"},
        columns={
            "precision at 100": mean("precision_at_100"),
            "at 200": mean("precision_at_200"),
            "seconds": mean("seconds", ".0f"),
        },
    ),
    "saved-models": Table(
        record="saved_models",
        command="python benchmarks/saved_models.py ag_news/train10k.tsv -o benchmarks/results/saved_models.jsonl",
        run=("set", "model", "texts"),
        rows={"model": "{model}"},
        across="texts",
        spread={
            "{texts:,} texts of {text_MB:.2f} MB: model, MB": "{model_MB:.2f}",
            "fit s": "{fit_seconds:.2g}",
            "load s": "{load_seconds:.1f}",
        },
        derive=lambda row: {"text_MB": row["text_bytes"] / 1e6, "model_MB": row["model_bytes"] / 1e6},
    ),
}
