"""Measures how well a prediction agrees with its reference: arrays go in, numbers come out.

Nothing here knows of files, of MSWAL or of the command line.
"""

from .aggregation import Average, ClassScore, MetricPair, average, average_score, class_score, difficulty
from .case import CaseScore, ClassCounts, score_case
from .details import ClassDetails, LesionScore, class_details
from .foreground import Foreground, foreground_of
from .lesions import Lesion, Lesions
from .surface_distance import SurfaceAgreement

__all__ = [
    "Average",
    "CaseScore",
    "ClassCounts",
    "ClassDetails",
    "ClassScore",
    "Foreground",
    "Lesion",
    "LesionScore",
    "Lesions",
    "MetricPair",
    "SurfaceAgreement",
    "average",
    "average_score",
    "class_details",
    "class_score",
    "difficulty",
    "foreground_of",
    "score_case",
]
