"""Label arrays in, numbers out; knows nothing of files, of MSWAL or of the command line."""

from .aggregation import Average, ClassScore, MetricPair, average, average_score, class_score, difficulty
from .case import CaseScore, ClassCounts, score_case
from .foreground import Foreground, foreground_of
from .lesions import Lesion, Lesions

__all__ = [
    "Average",
    "CaseScore",
    "ClassCounts",
    "ClassScore",
    "Foreground",
    "Lesion",
    "Lesions",
    "MetricPair",
    "average",
    "average_score",
    "class_score",
    "difficulty",
    "foreground_of",
    "score_case",
]
