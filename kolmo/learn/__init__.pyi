# The public names; the package imports each when it is first used.
from kolmo.learn.baselines import baseline_classifiers as baseline_classifiers
from kolmo.learn.code_length import CodeLengthClassifier as CodeLengthClassifier
from kolmo.learn.features import CodeLengthVectorizer as CodeLengthVectorizer
from kolmo.learn.label_code.classifier import LabelCodeClassifier as LabelCodeClassifier
from kolmo.learn.neighbors import NCDClassifier as NCDClassifier
from kolmo.learn.ngram.vectorizer import NGramVectorizer as NGramVectorizer
from kolmo.learn.reports import ClassificationReport as ClassificationReport, evaluate as evaluate
from kolmo.learn.results import CandidateReport as CandidateReport, TieReport as TieReport
