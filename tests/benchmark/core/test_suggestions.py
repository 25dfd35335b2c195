import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.suggestions import apart, did_you_mean, looks, normal_form, written_otherwise

COMPOSED, DECOMPOSED = "caf\xe9", "cafe\u0301"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("nnunet-v3", "nnunet-v2"), ("NNUNET_V1", "nnunet-v1"), ("swinunetr", "swin-unetr"), ("mednxt", "mednext")],
)
def test_what_is_like_it(name: str, meant: str) -> None:
    assert did_you_mean(name, METHODS) == f"Did you mean {meant}?"


def test_what_is_like_nothing() -> None:
    assert not did_you_mean("x", METHODS)
    assert not did_you_mean("x", [])


def test_names_that_look_the_same() -> None:
    assert looks(COMPOSED) == looks(DECOMPOSED)
    assert (normal_form(COMPOSED), normal_form(DECOMPOSED)) == ("composed", "decomposed")
    assert normal_form(COMPOSED + "e\u0301") == "composed in part"
    sentence = written_otherwise(DECOMPOSED, ["a", COMPOSED])
    assert r"'cafe\u0301'" in sentence
    assert r"'caf\xe9'" in sentence
    assert "Unicode normalisation" in sentence
    assert did_you_mean(DECOMPOSED, [COMPOSED]) == sentence
    assert not written_otherwise(COMPOSED, [COMPOSED, "cafe"])
    assert not written_otherwise("a", ["a", "b"])


def test_a_list_tells_those_apart_and_no_others() -> None:
    assert apart(["a", COMPOSED, "b"]) == ["a", COMPOSED, "b"]
    assert apart(["a", COMPOSED, DECOMPOSED]) == ["a", f"{COMPOSED} (composed)", f"{DECOMPOSED} (decomposed)"]
    assert apart([COMPOSED, COMPOSED]) == [COMPOSED, COMPOSED]
