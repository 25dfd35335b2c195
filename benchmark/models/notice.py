"""Holds the sentence that every output of a trained method carries."""

from typing import Final

NOTICE: Final = "For research use only: this is no medical device, and a label map is no diagnosis."
