from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import BY_KEY, LESION_CLASSES, classes_of, lesion_called, same_classes

MSWAL = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}


def problems(labels: object) -> list[str]:
    with pytest.raises(BenchError) as caught:
        classes_of(labels, "dataset.json")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "labels",
    [
        MSWAL,
        dict(reversed(MSWAL.items())),
        {"background": 0, **{lesion.plural.upper(): lesion.id for lesion in LESION_CLASSES}},
        {"background": 0, **{lesion.name.replace("tumor", "Tumour"): lesion.id for lesion in LESION_CLASSES}},
    ],
)
def test_mswal_in_any_spelling(labels):
    assert classes_of(labels, "") == LESION_CLASSES


def test_lits():
    liver, tumor = classes_of({"background": 0, "liver": 1, "Liver tumours": 2}, "")
    assert (liver.id, liver.key, liver.name, liver.plural, liver.abbreviation) == (1, "liver", "Liver", "livers", "L")
    assert (tumor.id, tumor.key, tumor.name) == (2, "liver_tumor", "Liver tumor")
    assert tumor.colour == BY_KEY["liver_tumor"].colour


@pytest.mark.parametrize("name", ["kidney_tumor", "Kidney tumours", "KIDNEY TUMOUR", "kidney-tumors"])
def test_a_lesion_by_any_of_its_names(name):
    assert lesion_called(name) == BY_KEY["kidney_tumor"]


@pytest.mark.parametrize("name", ["", "tumor", "KT", "kidney"])
def test_no_lesion_of_mswal(name):
    assert lesion_called(name) is None


def test_kits():
    labels = {"background": 0, "kidney": 1, "kidney_tumor": 2, "kidney_cyst": 3}
    assert [(one.id, one.key) for one in classes_of(labels, "")] == [
        (1, "kidney"),
        (2, "kidney_tumor"),
        (3, "kidney_cyst"),
    ]


def test_every_class_has_a_colour_of_its_own():
    classes = classes_of(
        {"background": 0, **{f"organ {number}": number for number in range(1, 7)}, "gallstone": 7 + 1, "liver cyst": 7},
        "",
    )
    assert len({one.colour for one in classes}) == len(classes) == 8
    assert not {one.colour for one in classes[:6]} & {lesion.colour for lesion in LESION_CLASSES}
    assert len(classes_of({"background": 0, **{f"organ {number}": number for number in range(1, 100)}}, "")) == 99


def test_a_name_is_no_markup():
    (one,) = classes_of({"background": 0, "<b>left_lung & $x^2$": 1}, "")
    assert (one.key, one.name) == ("b_left_lung_x_2", "B left lung x 2")
    (one,) = classes_of({"background": 0, "Foie métastase": 1}, "")
    assert (one.key, one.name) == ("foie_métastase", "Foie métastase")


def test_seven_others_are_not_taken_for_mswal():
    swapped = MSWAL | {"gallstone": 2, "kidney_stone": 1}
    (problem,) = problems(swapped)
    assert "has seven labels that are not MSWAL's: expected 1 gallstone, 2 kidney stone, 3 liver tumor" in problem
    assert "found 1 kidney_stone, 2 gallstone. If this is MSWAL" in problem
    assert "found 1 a0" in problems({"background": 0, **{f"a{number}": number + 1 for number in range(7)}})[0]


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (None, 'has "labels" that are not one whole number a name'),
        (["liver"], 'has "labels" that are not one whole number a name'),
        ({"a": True}, 'has "labels" that are not one whole number a name'),
        ({"0": "background", "1": "liver"}, "labels stand the wrong way round"),
        ({"background": 0, "all": [1, 2], "inner": 2}, "labels are regions made of several values"),
        ({"background": 0, "liver": 1, "ignore": 2}, "a label marks voxels to ignore"),
    ],
)
def test_labels_that_cannot_be_used(labels, what):
    (problem,) = problems(labels)
    assert what in problem
    assert 'expected {"background": 0, "liver": 1, ...}, found ' in problem


@pytest.mark.parametrize("labels", [{"a": 1}, {"bg": 0, "a": 1, "b": 3}, {"bg": 0, "a": 1, "b": 1}, {"bg": 0, "a": -1}])
def test_gaps_in_the_numbers(labels):
    assert problems(labels)[0].startswith("dataset.json: has labels that are not numbered 0, 1, 2 and so on, each once")


def test_more_labels_than_a_label_map_can_hold():
    assert "not numbered" in problems({f"organ {number}": number for number in range(257)})[0]


def test_all_problems_in_one_go():
    found = problems({"background": 0, "Liver_Tumor": 1, "liver tumours": 2, "--": 3})
    assert found == [
        "dataset.json: has a label without a name, 3.",
        "dataset.json: has several labels of one name: found Liver_Tumor, liver tumours.",
    ]


def test_nothing_but_background():
    assert "names nothing but background" in problems({"background": 0})[0]


# What is left of a colour without one kind of cone (Machado, Oliveira and Fernandes 2009), in linear RGB.
SEEN: dict[str, list[list[float]]] = {
    "by most": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
GREYS = [f"#{level:02x}{level:02x}{level:02x}" for level in (0, 51, 102, 153, 204, 255)]


def _linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(colour: str, seen: str) -> np.ndarray:
    left = np.clip(_linear(colour) @ np.transpose(SEEN[seen]), 0, 1)
    return rgb2lab(np.where(left <= 0.0031308, left * 12.92, 1.055 * left ** (1 / 2.4) - 0.055)[np.newaxis])[0]


@pytest.mark.parametrize("seen", SEEN)
def test_colours_differ_from_each_other_and_the_stone_from_every_grey(seen: str) -> None:
    colours = [lesion.colour for lesion in LESION_CLASSES]
    for one, other in combinations(colours, 2):
        assert deltaE_ciede2000(_lab(one, seen), _lab(other, seen)) > 8, (one, other)
    stone = BY_KEY["kidney_stone"].colour
    assert all(deltaE_ciede2000(_lab(stone, seen), _lab(grey, seen)) > 20 for grey in GREYS)


def test_a_stone_is_seen_on_bone_and_in_fat() -> None:
    luminance = _linear(BY_KEY["kidney_stone"].colour) @ (0.2126, 0.7152, 0.0722)
    assert 1.05 / (luminance + 0.05) > 3, "the least contrast of graphics by WCAG 2.2"
    assert (luminance + 0.05) / 0.05 > 3


def test_the_same_classes_in_another_spelling():
    some, other, more = (
        classes_of({"background": 0, **names}, "dataset.json")
        for names in ({"Big Kidney": 1, "odd tumours": 2}, {"big_kidney": 1, "Odd tumor": 2}, {"big_kidney": 1})
    )
    assert same_classes(some, other)
    assert not same_classes(some, more)
    assert not same_classes(some, classes_of({"background": 0, "odd tumor": 1, "big kidney": 2}, "dataset.json"))
