# The public names; the package imports each when it is first used.
from kolmo.learn.baselines import baseline_classifiers as baseline_classifiers
from kolmo.learn.code_length import CodeLengthClassifier as CodeLengthClassifier
from kolmo.learn.evaluation.comparisons import Comparison as Comparison, compare_classifiers as compare_classifiers
from kolmo.learn.evaluation.reports import ClassificationReport as ClassificationReport, evaluate as evaluate
from kolmo.learn.evaluation.splits import cross_evaluate as cross_evaluate, hold_out as hold_out
from kolmo.learn.features import CodeLengthVectorizer as CodeLengthVectorizer
from kolmo.learn.inspection.doubtful_labels import DoubtfulLabels as DoubtfulLabels, mislabelled as mislabelled
from kolmo.learn.inspection.explanations import ItemExplanation as ItemExplanation, explain as explain
from kolmo.learn.inspection.fitted_reports import FittedReport as FittedReport, evaluate_fitted as evaluate_fitted
from kolmo.learn.inspection.predictions import Predictions as Predictions, label_items as label_items
from kolmo.learn.label_code.classifier import LabelCodeClassifier as LabelCodeClassifier
from kolmo.learn.neighbors import NCDClassifier as NCDClassifier
from kolmo.learn.ngram.vectorizer import NGramVectorizer as NGramVectorizer
from kolmo.learn.results import CandidateReport as CandidateReport, TieReport as TieReport
