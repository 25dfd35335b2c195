"""Paints the body around the organs: skin, fat, muscle wall, ribs and lungs, spine and pelvis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Tissue
from .cohort import Patient
from .grids import Float, Vector
from .solids import Ellipsoid, Solid, Tube, rotation

_SKIN_MM = 2.0
_RIB_SPACING_MM, _RIB_RADIUS_MM = 27.0, 5.0
_VERTEBRA_MM, _SPINE_END_MM = 34.0, -172.0


@dataclass(frozen=True)
class Build:
    """Describes a patient's physique. Organs are described for the reference build and scaled to this one."""

    half_width_mm: float
    """Is half the width of the cavity inside of the muscle wall; 118 in the reference build."""
    half_depth_mm: float
    """Is half its depth from front to back; 80 in the reference build."""
    height: float
    """Is the scale along z; 1 in the reference build."""
    fat_mm: float
    muscle_mm: float
    lobes: tuple[tuple[int, float, float], ...]
    """Are departures of the outline from the superellipse: harmonic, share of the radius, phase (radians)."""

    def at(self, x: float, y: float, z: float) -> Vector:
        """Returns where a point (x, y, z) of the reference build, in mm, lies in this one."""
        return x * self.half_width_mm / 118, y * self.half_depth_mm / 80, z * self.height

    @property
    def size(self) -> float:
        """Returns the factor that scales an organ's lengths."""
        return float((self.half_width_mm / 118 * self.half_depth_mm / 80 * self.height) ** (1 / 3))


def build_of(patient: Patient, rng: np.random.Generator) -> Build:
    """Draws the build of a patient: women are a little smaller, with more fat under the skin."""
    male = patient.sex == "male"
    return Build(
        half_width_mm=(119 if male else 111) * rng.uniform(0.95, 1.05),
        half_depth_mm=(78 if male else 75) * rng.uniform(0.95, 1.03),
        height=(1.0 if male else 0.95) * rng.uniform(0.95, 1.05),
        fat_mm=rng.uniform(8, 18) if male else rng.uniform(10, 21),
        muscle_mm=rng.uniform(9, 12) if male else rng.uniform(8, 10.5),
        lobes=tuple((harmonic, rng.uniform(0, 0.01), rng.uniform(0, 2 * np.pi)) for harmonic in (2, 3, 4)),
    )


def paint_body(canvas: Canvas, build: Build, hu: Mapping[str, float]) -> None:
    """Paints the layers of the body's wall with the ribs in it, and fills the cavity with fat."""
    x, y = canvas.grid.axis_mm(0)[None, :], canvas.grid.axis_mm(1)[:, None]
    inside = _cavity_depth_mm(build, x, y)
    # Fat is thicker at the flanks and the back than in front of the muscles.
    angle = np.arctan2(y, x)
    fat_mm = build.fat_mm * (0.75 + 0.25 * np.abs(np.cos(angle)) + 0.05 * np.sin(angle))
    muscle_mm = build.muscle_mm * (1.0 + 0.15 * np.sin(angle))
    layers = (
        (_SKIN_MM + fat_mm + muscle_mm, hu["skin"]),
        (fat_mm + muscle_mm, hu["fat"]),
        (muscle_mm, hu["muscle"]),
        (np.zeros_like(muscle_mm), hu["fat"]),
    )
    front = np.maximum(-y, 0) / build.half_depth_mm
    for index, z in enumerate(canvas.grid.axis_mm(2)):
        depth = inside + _girth_mm(float(z), build)
        plane = canvas.hu[index]
        for thickness_mm, value in layers:
            plane += canvas.cover((-depth - thickness_mm).astype(np.float32)) * (np.float32(value) - plane)
        owner = canvas.owner[index]
        owner[depth + layers[0][0] >= 0] = Tissue.WALL
        owner[depth >= 0] = Tissue.FAT
        # Ribs fall towards the front; the lowest do not reach it.
        number = (z / build.height + 0.45 * y + 22) / _RIB_SPACING_MM
        off_mm = (number - np.round(number)) * _RIB_SPACING_MM * 0.9
        rib = np.sqrt(off_mm**2 + ((depth + 0.5 * muscle_mm) * 1.3) ** 2) - _RIB_RADIUS_MM
        there = (np.round(number) >= 3 * np.maximum(front, 0)) & (np.abs(x) > 28 + 30 * front)
        plane += canvas.cover(rib) * there * (np.float32(0.8 * hu["cortical bone"]) - plane)
        plane += canvas.cover(rib + 2) * there * (np.float32(hu["trabecular bone"]) - plane)


def paint_chest(canvas: Canvas, build: Build, hu: Mapping[str, float]) -> None:
    """Paints the heart, and lung wherever it is still free above the two domes of the diaphragm."""
    heart = Ellipsoid(build.at(20, -34, 158), (54, 40, 44), rotation(0, 25, 0))
    canvas.paint(heart, hu["heart"], Tissue.MUSCLE, gap_mm=4)
    for box in canvas.grid.slabs():
        x, y, z = canvas.grid.points_mm(box)
        for side, top_mm in ((-1, 114.0), (1, 116.0)):
            across = (x - side * 0.5 * build.half_width_mm) / (0.5 * build.half_width_mm)
            along = (y + 12) / build.half_depth_mm
            dome = top_mm * build.height - 34 * np.abs(across) ** 2.5 - 58 * np.abs(along) ** 2.5
            above = np.maximum(dome - z, 22 - side * x)
            free = np.isin(canvas.owner[box], (Tissue.FAT, Tissue.KEPT_FAT))
            canvas.hu[box] += canvas.cover(above) * free * (np.float32(hu["lung"]) - canvas.hu[box])
            canvas.owner[box][free & (above <= 0)] = Tissue.LUNG


def paint_skeleton(canvas: Canvas, build: Build, hu: Mapping[str, float]) -> None:
    """Paints vertebrae with discs, arches and canal, the muscles beside them, and the pelvis below."""
    reach = (Tissue.FAT, Tissue.WALL)
    back = 48 * build.half_depth_mm / 80
    size = build.size
    period, end = _VERTEBRA_MM * build.height, _SPINE_END_MM * build.height

    def stack(away: float, wide: float, deep: float, high: float, shift: float = 0.0) -> _Column:
        return _Column((0, back + away * size), (wide * size, deep * size), period, high, shift, end)

    canvas.paint(stack(0, 22, 17, period), hu["cortical bone"], Tissue.BONE, over=reach)
    canvas.paint(stack(0, 22, 17, 3.5, 0.5), hu["disc"], over=(Tissue.BONE,))
    canvas.paint(stack(0, 20, 15, period / 2 - 6), hu["trabecular bone"], over=(Tissue.BONE,))
    for away, wide, deep, high in ((24, 15, 14, 12), (30, 4, 17, 8), (18, 36, 4, 5)):
        arch = stack(away, wide, deep, high * size, 0.06)
        canvas.paint(arch, 0.75 * hu["cortical bone"], Tissue.BONE, over=reach)
    canvas.paint(stack(24, 9.5, 8, period), hu["spinal canal"], Tissue.BONE, over=(*reach, Tissue.BONE))
    for side in (-1, 1):
        course = (build.at(side * 26, 44, 25), build.at(side * 38, 36, -60), build.at(side * 56, 18, -170))
        psoas = Tube(course, (5, 16, 20))
        canvas.paint(psoas, hu["muscle"], Tissue.MUSCLE)
        erector = _Column((side * 32 * size, back + 34 * size), (29 * size, 17 * size), period, period, 0.0, end)
        canvas.paint(erector, hu["muscle"], Tissue.MUSCLE)
    _paint_pelvis(canvas, build, hu)


def _paint_pelvis(canvas: Canvas, build: Build, hu: Mapping[str, float]) -> None:
    """What only longer scans reach: sacrum, ilia, hips with their muscles, and the bladder."""
    over = (Tissue.FAT, Tissue.WALL, Tissue.MUSCLE)
    sacrum = Ellipsoid(build.at(0, 62, -200), (44, 17, 50), rotation(-15))
    bones: list[Solid] = [sacrum]
    for side in (-1, 1):
        wing = (build.at(side * 98, -15, -160), build.at(side * 62, 52, -185), build.at(side * 84, 10, -270))
        bones += [
            Tube(wing, (7, 10, 20)),
            Tube((build.at(side * 88, 5, -285), build.at(side * 100, 5, -420)), (24, 17)),
        ]
        gluteus = Tube((build.at(side * 68, 72, -190), build.at(side * 62, 66, -290)), (26, 34))
        thigh = Tube((build.at(side * 78, -12, -285), build.at(side * 92, 8, -430)), (30, 58))
        for muscle in (gluteus, thigh):
            canvas.paint(muscle, hu["muscle"], Tissue.MUSCLE)
    for bone in bones:
        canvas.paint(bone, 0.5 * (hu["cortical bone"] + hu["trabecular bone"]), Tissue.BONE, over=over)
    canvas.paint(Ellipsoid(build.at(0, -20, -262), (42, 32, 34)), hu["urine"], Tissue.BOWEL, gap_mm=3)


def _cavity_depth_mm(build: Build, x: Float, y: Float) -> Float:
    """Distance from the cavity's outline along the ray from the middle, positive inside; (y, x) at z = 0."""
    angle = np.arctan2(y / build.half_depth_mm, x / build.half_width_mm)
    cos, sin = np.abs(np.cos(angle)), np.abs(np.sin(angle))
    share = (cos**2.4 + sin**2.4) ** (-1 / 2.4)
    for harmonic, height, phase in build.lobes:
        share = share * (1 + height * np.cos(harmonic * angle + phase))
    outline = share * np.hypot(build.half_width_mm * np.cos(angle), build.half_depth_mm * np.sin(angle))
    return np.asarray(outline - np.hypot(x, y), dtype=np.float32)


def _girth_mm(z: float, build: Build) -> float:
    """How much wider the body is at height z: the waist is narrow, hips and chest are wide."""
    above, below = max(z / build.height, 0.0), max(-z / build.height - 60, 0.0)
    return 2.0 * min(above / 60, 2) + 10.0 * min(below / 120, 1) - 16 * min(max(above - 200, 0) / 120, 1)


@dataclass(frozen=True, eq=False)
class _Column:
    """A stack of elliptic discs along the whole z axis: vertebrae, what is between them and behind them."""

    centre_mm: tuple[float, float]
    semi_mm: tuple[float, float]
    period_mm: float
    half_height_mm: float
    """From half the period on, the stack is one column."""
    shift: float = 0.0
    """Is the position of the first disc, in periods."""
    bottom_mm: float = -1000.0

    def bounds_mm(self) -> tuple[Vector, Vector]:
        (x, y), (a, b) = self.centre_mm, self.semi_mm
        return (x - a, y - b, self.bottom_mm), (x + a, y + b, 1000.0)

    def distance_mm(self, x: Float, y: Float, z: Float) -> Float:
        (cx, cy), (a, b) = self.centre_mm, self.semi_mm
        level = np.sqrt(((x - cx) / a) ** 2 + ((y - cy) / b) ** 2)
        turns = z / self.period_mm - self.shift
        along = np.abs(turns - np.round(turns)) * self.period_mm - self.half_height_mm
        distance = np.maximum(np.maximum((level - 1) * min(a, b), along), self.bottom_mm - z)
        return np.asarray(distance, dtype=np.float32)
