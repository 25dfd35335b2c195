from __future__ import annotations

import pytest

from mswal_bench.docs.run_pages.same_output import same_output


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("took 12.5 s", "took 3 s"),
        ("2026-11-29 12:00 UTC: done", "2027-01-01 09:30 UTC: done"),
        ("29 November 2026", "1 May 2027"),
        ("a    0:00:44", "a  ≥  0:10:44".replace("≥  ", "")),
        (f"fingerprint: sha256:{'0' * 64}", f"fingerprint: sha256:{'a' * 64}"),
        (f"are by the key sha256:{'0' * 64}", f"are by the key sha256:{'a' * 64}"),
        ("----  ------", "------  ----"),
    ],
)
def test_what_varies_honestly_is_the_same(shown: str, printed: str) -> None:
    assert same_output([shown], [printed])


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("Avg.  93.53", "Avg.  93.54"),
        ("4 cases", "5 cases"),
        (f"split: sha256:{'0' * 64}", f"split: sha256:{'a' * 64}"),
        ("0.23 GB", "0.24 GB"),
        ("12 slices", "13 slices"),
    ],
)
def test_what_was_computed_must_be_equal(shown: str, printed: str) -> None:
    assert not same_output([shown], [printed])


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a ... b", "a b", True),
        ("a ... b", "a x y b", True),
        ("a ... b", "a b c", False),
        ("... b", "x b", True),
        ("a ...", "a", True),
        ("a ...", "b a", False),
        ("a ... c ... c", "a c", False),
        ("a ... c ... c", "a c x c", True),
        ("...", "", True),
    ],
)
def test_dots_stand_for_any_lines(shown: str, printed: str, same: bool) -> None:
    assert same_output(shown.split(), printed.split()) is same
