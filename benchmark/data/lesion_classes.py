"""Defines the seven lesion types of MSWAL, and reads the classes of other data sets from their `dataset.json`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any

from .label_forms import ONE_NUMBER_A_NAME, unusual_forms


@dataclass(frozen=True)
class LesionClass:
    """Describes a lesion type, or an organ that a data set outlines: its value in label maps, its names, its colour."""

    id: int
    """Is the voxel value in the data set's label maps; 0 is background."""
    key: str
    """Is the name in files, JSON and options."""
    name: str
    plural: str
    abbreviation: str
    """Is that of the paper's Table 1; the initials for a class of another data set."""
    colour: str
    """Is the colour in pictures: sRGB, `#rrggbb`."""


# Paul Tol's "bright" scheme (no pair is confused by the common colour-vision deficiencies), its grey replaced by a
# violet: on a CT grey is tissue, and white is a stone. By CIEDE2000 it is 12 or more from each of the others and from
# every grey, also as seen with protanopia, deuteranopia and tritanopia; on white its contrast is 3.3, on black 6.3.
LESION_CLASSES = (
    LesionClass(1, "gallstone", "Gallstone", "gallstones", "GS", "#228833"),
    LesionClass(2, "kidney_stone", "Kidney stone", "kidney stones", "KS", "#cc55ff"),
    LesionClass(3, "liver_tumor", "Liver tumor", "liver tumors", "LT", "#aa3377"),
    LesionClass(4, "kidney_tumor", "Kidney tumor", "kidney tumors", "KT", "#ccbb44"),
    LesionClass(5, "pancreatic_cancer", "Pancreatic cancer", "pancreatic cancers", "PC", "#66ccee"),
    LesionClass(6, "liver_cyst", "Liver cyst", "liver cysts", "LC", "#4477aa"),
    LesionClass(7, "kidney_cyst", "Kidney cyst", "kidney cysts", "KC", "#ee6677"),
)

BY_KEY = {lesion.key: lesion for lesion in LESION_CLASSES}

# Paul Tol's "light" scheme: pale beside the "bright" one, in which lesions are drawn over the organs they are in.
_OTHER_COLOURS = ("#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff", "#44bb99", "#bbcc33", "#aaaa00", "#dddddd")
_HIGHEST_ID = 255


def classes_of(labels: object, where: str) -> tuple[LesionClass, ...]:
    """Returns the classes in the `labels` of a `dataset.json`, `{"background": 0, "liver": 1, ...}`, ordered by id.

    For MSWAL these are `LESION_CLASSES`. A lesion of MSWAL in another data set keeps its names and its colour under the
    id that it has there. Capitals, gaps, plurals and British spelling make no difference to a name. Raises BenchError,
    which names the file `where`, for labels that cannot be read, for ids other than 1, 2, 3 and so on, for two classes
    of one name, and for seven classes that are not MSWAL's, which would be taken for them.
    """
    names = names_by_id(labels, where)
    known = {number: lesion_called(name) for number, name in names.items()}
    if len(names) == len(LESION_CLASSES):
        wrong = [f"{lesion.id} {names[lesion.id]}" for lesion in LESION_CLASSES if known[lesion.id] != lesion]
        if wrong:
            expected = ", ".join(f"{lesion.id} {lesion.name.lower()}" for lesion in LESION_CLASSES)
            mend = "If this is MSWAL, `mswal-bench data prepare` gives its labels their names."
            raise BenchError(Problem("has seven labels that are not MSWAL's", where, expected, ", ".join(wrong), mend))
        return LESION_CLASSES
    colours = iter(_OTHER_COLOURS * (len(names) // len(_OTHER_COLOURS) + 1))
    return tuple(
        replace(lesion, id=number) if lesion is not None else _other_class(number, names[number], next(colours))
        for number, lesion in known.items()
    )


def lesion_called(name: str) -> LesionClass | None:
    """Returns the lesion of MSWAL with that name in any spelling; None for other names and for abbreviations."""
    return _BY_SPELLING.get(_plain(name))


def same_name(name: str, lesion: LesionClass) -> bool:
    """Returns whether a name is the class's; capitals, gaps, the plural and British spelling make no difference."""
    return _plain(name) in (_plain(lesion.key), _plain(lesion.name), _plain(lesion.plural))


def same_classes(some: Sequence[LesionClass], others: Sequence[LesionClass]) -> bool:
    """Returns whether both have the same names under the same ids, in any spelling."""
    return [(one.id, _plain(one.name)) for one in some] == [(one.id, _plain(one.name)) for one in others]


def names_by_id(labels: object, where: str) -> dict[int, str]:
    """Returns the names of all labels but background, by id (1, 2, 3, ...). Raises BenchError as `classes_of` does."""
    one_a_name = ONE_NUMBER_A_NAME
    raise_if_any(Problem(form.what, where, one_a_name, found, form.mend) for form, found in unusual_forms(labels))
    if not isinstance(labels, Mapping) or not all(type(value) is int for value in labels.values()):
        raise BenchError(Problem('has "labels" that are not one whole number a name', where, one_a_name, str(labels)))
    names = {value: str(name) for name, value in sorted(labels.items(), key=lambda item: item[1]) if value != 0}
    problems = []
    if len(labels) != len(names) + 1 or list(names) != list(range(1, len(names) + 1)) or len(names) > _HIGHEST_ID:
        found = ", ".join(f"{value} {name}" for name, value in labels.items()) or "none"
        problems.append(
            Problem("has labels that are not numbered 0, 1, 2 and so on, each once", where, one_a_name, found)
        )
    if not names:
        problems.append(Problem("names nothing but background", where, one_a_name))
    problems += [Problem(f"has a label without a name, {value}", where) for value in names if not _words(names[value])]
    spelled = Counter(_plain(name) for name in names.values())
    alike = [name for name in names.values() if spelled[_plain(name)] > 1]
    if alike:
        problems.append(Problem("has several labels of one name", where, found=", ".join(alike)))
    raise_if_any(problems)
    return names


def _other_class(number: int, name: str, colour: str) -> LesionClass:
    words = _words(name)
    text = " ".join(words)
    text = text[0].upper() + text[1:]
    return LesionClass(
        number, "_".join(words).lower(), text, f"{text.lower()}s", "".join(word[0] for word in words).upper(), colour
    )


def _words(name: str) -> list[str]:
    """Letters and digits alone, so that a name is no markup in any output."""
    return re.findall(r"[^\W_]+", name)


def _plain(name: str) -> str:
    """What is equal in two spellings of a name: `Kidney tumours` and `kidney_tumor` are one."""
    return "".join(_words(name)).lower().replace("tumour", "tumor").removesuffix("s")


_BY_SPELLING = {_plain(spelling): lesion for lesion in LESION_CLASSES for spelling in (lesion.key, lesion.plural)}
