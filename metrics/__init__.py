"""Label arrays in, numbers out; knows nothing of files, of MSWAL or of the command line."""

from .aggregation import Average, ClassScore, MetricPair, average, average_score, class_score, difficulty
from .case import CaseScore, ClassCounts, Lesion, score_case

__all__ = [
    "Average",
    "CaseScore",
    "ClassCounts",
    "ClassScore",
    "Lesion",
    "MetricPair",
    "average",
    "average_score",
    "class_score",
    "difficulty",
    "score_case",
]
