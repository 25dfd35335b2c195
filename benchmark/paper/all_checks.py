"""Computes again what follows from the paper's own numbers.

What this says of a wrong transcription. Every cell of Table 2 is in two sums of seven cells, its method's Avg. and its
lesion type's average score: off by 0.1 or more it makes both differ anew. Off by less it can hide behind the truncation
of the printed averages. Where Inception nnU-Net is best, its cell and the second best are in a printed improvement as
well, to the last digit. A wrong average differs from its cells. The DSC of Table 3 are in differences that the text
states, to the last digit, and its row V in Table 2; F1 of its rows I to IV, and its ticks, are in nothing else. Every
DSC of Table 4 is in an improvement and in the text, to the last digit. Of Table 1 only MSWAL's own row is repeated, in
Section 2. So the tests compare every cell with the paper's text as well, where that is at hand.
"""

from __future__ import annotations

from .check import Check
from .checks_of_data_set import data_set_checks
from .checks_of_scores import score_checks
from .checks_of_sentences import sentence_checks


def all_checks() -> list[Check]:
    """Every check, in the order of the paper's tables, then of its text, then of the data set."""
    return [*score_checks(), *sentence_checks(), *data_set_checks()]
