"""Paints the organs of one patient: placed as in the reference build, scaled to the patient, with room for lesions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .body import Build
from .canvas import Canvas, Tissue
from .cohort import Patient
from .solids import Bumpy, Ellipsoid, Solid, Tube, Union, Without, bumpy, rotation

_FREE = (Tissue.FAT,)


@dataclass(frozen=True)
class Host:
    """Names an organ that can hold lesions."""

    solid: Solid
    tissue: Tissue


def lesion_load_mm3(patient: Patient, *keys: str) -> float:
    """Estimates the volume of a patient's lesions of some classes."""
    return sum(0.4 * lesion.diameter_mm**3 for lesion in patient.lesions if lesion.key in keys)


def paint_organs(
    canvas: Canvas, patient: Patient, build: Build, hu: Mapping[str, float], rng: np.random.Generator
) -> dict[str, tuple[Host, ...]]:
    """Paints all organs, earlier ones over later ones, and returns for each lesion class those that can hold it."""
    _paint_arteries(canvas, build, hu)
    kidneys = tuple(_paint_kidney(canvas, patient, build, hu, side, rng) for side in (-1, 1))
    gallbladder = Host(_gallbladder(patient, build, rng), Tissue.GALLBLADDER)
    canvas.paint(gallbladder.solid, hu["bowel wall"], Tissue.GALLBLADDER)
    canvas.paint(_shrunk(gallbladder.solid, 1.2), hu["bile"], over=(Tissue.GALLBLADDER,))
    pancreas = Host(_pancreas(build, rng), Tissue.PANCREAS)
    canvas.paint(pancreas.solid, hu["pancreas"], Tissue.PANCREAS, gap_mm=3)
    canvas.paint(_spleen(build, rng), hu["spleen"], Tissue.SPLEEN, gap_mm=3)
    liver = Host(_liver(patient, build, rng), Tissue.LIVER)
    canvas.paint(liver.solid, hu["liver"], Tissue.LIVER, gap_mm=3)
    _paint_large_veins(canvas, build, hu)
    _paint_liver_vessels(canvas, build, hu, rng)
    _paint_stomach_and_bowel(canvas, build, hu, rng)
    return {
        "gallstone": (gallbladder,),
        "kidney_stone": kidneys,
        "liver_tumor": (liver,),
        "kidney_tumor": kidneys,
        "pancreatic_cancer": (pancreas,),
        "liver_cyst": (liver,),
        "kidney_cyst": kidneys,
    }


def _shrunk(solid: Solid, by_mm: float) -> Solid:
    """The solid with its surface moved inwards."""
    return Bumpy(solid, -by_mm, np.zeros((1, 4), np.float32))


def _growth(volume_mm3: float, load_mm3: float, most: float) -> float:
    """The factor on an organ's lengths that makes room for its lesions."""
    return float(min((1 + load_mm3 / volume_mm3) ** (1 / 3), most))


def _paint_arteries(canvas: Canvas, build: Build, hu: Mapping[str, float]) -> None:
    aorta = Tube((build.at(7, 18, 420), build.at(11, 17, 60), build.at(9, 18, -105)), (12.5, 11, 8.5))
    canvas.paint(aorta, hu["aorta"], Tissue.VESSEL, gap_mm=2)
    for side in (-1, 1):
        course = (build.at(9, 18, -105), build.at(side * 45, 22, -200), build.at(side * 68, -20, -290))
        canvas.paint(Tube(course, (6.5, 6, 5)), hu["aorta"], Tissue.VESSEL, gap_mm=2)


def _paint_large_veins(canvas: Canvas, build: Build, hu: Mapping[str, float]) -> None:
    over = (Tissue.FAT, Tissue.KEPT_FAT, Tissue.LIVER)
    cava = Tube((build.at(-22, 0, 118), build.at(-20, 20, 40), build.at(-17, 22, -105)), (11, 10, 9.5), 1.25)
    canvas.paint(cava, hu["vein"], Tissue.VESSEL, over=over)
    portal = Tube((build.at(-4, -9, 2), build.at(-16, -6, 22), build.at(-38, -12, 48)), (5.5, 6, 6))
    canvas.paint(portal, hu["vein"], Tissue.VESSEL, over=over)


def _paint_kidney(
    canvas: Canvas, patient: Patient, build: Build, hu: Mapping[str, float], side: int, rng: np.random.Generator
) -> Host:
    """One kidney (side -1 right, 1 left): parenchyma with a brighter cortex, and the fat of the sinus."""
    load = lesion_load_mm3(patient, "kidney_stone", "kidney_tumor", "kidney_cyst") / 2
    size = build.size * rng.uniform(0.93, 1.07) * _growth(160_000, 0.6 * load, 1.35)
    semi = (27 * size, 25 * size, 54 * size)
    # Upper poles lean to the spine and the back, the hilum looks forward and to the middle.
    turn = rotation(9 + rng.uniform(-3, 3), side * (9 + rng.uniform(-3, 3)), side * 25)
    out = side * (60 + 22 * (size / build.size - 1)) + rng.uniform(-2, 2)
    centre = build.at(out, 37, (-17 if side < 0 else -3) + rng.uniform(-8, 8))
    hilum = np.array(centre) + turn @ np.array([-side * 24 * size, 0, 0])
    sinus = Ellipsoid((float(hilum[0]), float(hilum[1]), float(hilum[2])), (17 * size, 8 * size, 20 * size), turn)
    kidney = bumpy(Ellipsoid(centre, semi, turn), 2.5, rng, length_mm=70)
    tissue = Tissue.KIDNEY_RIGHT if side < 0 else Tissue.KIDNEY_LEFT
    canvas.paint(kidney, hu["renal cortex"], tissue, gap_mm=5)
    inner = (20 * size, 18 * size, 47 * size)
    pyramids = bumpy(Ellipsoid(centre, inner, turn), 5, rng, length_mm=24)
    canvas.paint(pyramids, hu["renal medulla"], over=(tissue,))
    canvas.paint(bumpy(sinus, 3, rng, length_mm=25), hu["renal sinus"], over=(tissue,))
    return Host(kidney, tissue)


def _gallbladder(patient: Patient, build: Build, rng: np.random.Generator) -> Solid:
    """A pear under the liver, as large as its stones ask for."""
    longest = max((one.diameter_mm for one in patient.lesions if one.key == "gallstone"), default=0.0)
    load = lesion_load_mm3(patient, "gallstone")
    size = build.size * rng.uniform(0.85, 1.1)
    size = max(size, (3.2 * load / 38_000) ** (1 / 3), (longest * 0.62 + 2) / 16)
    turn = rotation(-32 + rng.uniform(-6, 6), -12, 0)
    centre = build.at(-46, -38 - 6 * (size - 1), 2 - 12 * (size - 1))
    neck = np.array(centre) + turn @ np.array([0, 0, 24 * size])
    pear = Union(
        (
            Ellipsoid(centre, (16 * size, 16 * size, 29 * size), turn),
            Ellipsoid((float(neck[0]), float(neck[1]), float(neck[2])), (8 * size, 8 * size, 14 * size), turn),
        ),
        6.0,
    )
    return bumpy(pear, 1.0, rng, length_mm=60)


def _pancreas(build: Build, rng: np.random.Generator) -> Solid:
    """Head beside the duodenum, neck before the portal vein, body over the aorta, tail to the spleen."""
    rise = rng.uniform(-6, 8)
    head, neck = ((-30, -2, -16), (-24, -8, 2)), (-4, -22, 9)
    course = (*head, neck, (22, -20, 15 + rise / 2), (48, -4, 22 + rise), (72, 12, 30 + rise))
    size = build.size * rng.uniform(0.88, 1.1)
    radii = (11.5, 14.5, 11, 12, 12, 10)
    tube = Tube(tuple(build.at(*point) for point in course), tuple(radius * size for radius in radii))
    return bumpy(tube, 2.0, rng, length_mm=35)


def _liver(patient: Patient, build: Build, rng: np.random.Generator) -> Solid:
    """A large right and a flat left lobe; the cavity's wall and the organs painted before it shape the rest."""
    size = build.size * rng.uniform(0.96, 1.06)
    size *= _growth(1_450_000, lesion_load_mm3(patient, "liver_tumor", "liver_cyst"), 1.18)
    right = Ellipsoid(build.at(-66, -2, 48), (62 * size, 74 * size, 68 * size), rotation(0, 8, 10))
    tip = Ellipsoid(build.at(-88, 2, 8), (30 * size, 48 * size, 52 * size * rng.uniform(0.85, 1.1)))
    left_mm = 66 * size * rng.uniform(0.85, 1.1)
    left = Ellipsoid(build.at(0, -42, 70), (left_mm, 34 * size, 32 * size), rotation(0, -8, -8))
    lobes = Union((right, tip, left), 25.0)
    # Hollow below, where colon, duodenum and stomach lie, and behind, for the kidney.
    below, behind = Ellipsoid(build.at(-10, -14, 0), (46, 46, 40)), Ellipsoid(build.at(-52, 60, -6), (40, 36, 52))
    return bumpy(Without(lobes, Union((below, behind), 20.0)), 4.0, rng, length_mm=110)


def _spleen(build: Build, rng: np.random.Generator) -> Solid:
    """A crescent around the stomach's back."""
    a, b, c = (semi * build.size * float(rng.uniform(0.9, 1.12)) for semi in (26, 43, 50))
    bean = Ellipsoid(build.at(92, 28, 66), (a, b, c), rotation(12, 0, 24))
    return bumpy(Without(bean, Ellipsoid(build.at(52, 0, 66), (42, 40, 60))), 3.0, rng)


def _paint_liver_vessels(canvas: Canvas, build: Build, hu: Mapping[str, float], rng: np.random.Generator) -> None:
    """Portal branches from the hilum and hepatic veins to the cava: bright, dark or unseen as the phase has it."""
    inside = (Tissue.LIVER,)
    hilum, confluence = (-38.0, -12.0, 48.0), (-22.0, 4.0, 104.0)
    ends = ((-85, -30, 60), (-95, 20, 45), (-70, 25, 75), (-8, -50, 66), (-75, -5, 22))
    for end in ends:
        end_mm = build.at(*(np.array(end) + rng.uniform(-9, 9, 3)).tolist())
        bend = build.at(*(0.5 * (np.array(hilum) + end) + rng.uniform(-7, 7, 3)).tolist())
        canvas.paint(Tube((build.at(*hilum), bend, end_mm), (5.0, 3.2, 1.6)), hu["vein"], over=inside)
    for end in ((-92, 20, 78), (-62, -45, 74), (-15, -55, 80)):
        end_mm = build.at(*(np.array(end) + rng.uniform(-8, 8, 3)).tolist())
        bend = build.at(*(0.5 * (np.array(confluence) + end) + rng.uniform(-6, 6, 3)).tolist())
        canvas.paint(Tube((build.at(*confluence), bend, end_mm), (4.5, 3.4, 1.6)), hu["vein"], over=inside)


def _paint_stomach_and_bowel(canvas: Canvas, build: Build, hu: Mapping[str, float], rng: np.random.Generator) -> None:
    """What fills the rest of the cavity, with gas at the front, where it rises to in a patient lying on the back."""
    full = rng.uniform(0.8, 1.05)
    body = Ellipsoid(build.at(54, -18, 72), (34 * full, 38 * full, 42))
    antrum = Ellipsoid(build.at(22, -50, 26), (36, 18, 20))
    stomach = bumpy(Union((body, antrum), 30.0), 4.0, rng)
    canvas.paint(stomach, hu["bowel wall"], Tissue.BOWEL, gap_mm=3)
    canvas.paint(_shrunk(stomach, 4.0), hu["bowel content"], over=(Tissue.BOWEL,))
    gas = Ellipsoid(build.at(48, -52, 76), (24 * full, 10 + 6 * full, 28))
    canvas.paint(gas, hu["gas"], over=(Tissue.BOWEL,))
    colon = (
        ((-84, 22, -150), (-92, 18, -95), (-90, 8, -45)),
        ((-84, -34, -40), (-40, -58, -52), (10, -62, -56), (58, -54, -40), (88, -22, -4)),
        ((96, 20, -10), (97, 28, -80), (92, 24, -150), (70, 20, -210)),
    )
    for course in colon:
        points = tuple(build.at(*(np.array(point) + rng.uniform(-5, 5, 3)).tolist()) for point in course)
        radius = rng.uniform(15, 19) if points[0][0] < 0 else rng.uniform(12, 16)
        tube = bumpy(Tube(points, (radius,) * len(points)), 3.5, rng, length_mm=30)
        canvas.paint(tube, hu["bowel wall"], Tissue.BOWEL, gap_mm=2)
        canvas.paint(_shrunk(tube, 2.5), hu["stool"] + rng.uniform(-25, 15), over=(Tissue.BOWEL,))
        for point in points:
            top = (point[0], point[1] - 0.45 * radius, point[2])
            bubble = Ellipsoid(top, (0.6 * radius, 0.35 * radius, 0.9 * radius))
            canvas.paint(bubble, hu["gas"], over=(Tissue.BOWEL,))
    for _ in range(34):
        walk = [np.array([rng.uniform(-62, 62), rng.uniform(-56, 8), rng.uniform(-190, -18)])]
        for _ in range(3):
            walk.append(walk[-1] + rng.normal(0, (18, 8, 12)))
        loop = Tube(tuple(build.at(*point.tolist()) for point in walk), (rng.uniform(8.5, 13),) * 4)
        canvas.paint(loop, hu["bowel wall"], Tissue.BOWEL, gap_mm=1.5)
        content = hu["bowel content"] + rng.uniform(-15, 18)
        canvas.paint(_shrunk(loop, 2.5), content, over=(Tissue.BOWEL,))
