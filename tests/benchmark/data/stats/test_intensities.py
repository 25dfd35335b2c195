"""Intensities of lesions and their surroundings, by hand and against what nnU-Net takes from a data set."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.data.stats.case_intensities import (
    HIGHEST_HU,
    LOWEST_HU,
    CaseIntensities,
    measure_intensities,
)
from mswal_bench.benchmark.data.stats.intensity_files import INTENSITY_FILES
from mswal_bench.benchmark.data.stats.intensity_summary import dataset_intensities, summarise_intensities
from mswal_bench.benchmark.data.stats.normalisation import normalisation


def histogram(values):
    return np.bincount(np.asarray(values) - LOWEST_HU, minlength=HIGHEST_HU - LOWEST_HU + 1)


@pytest.fixture
def case(tmp_path, save_labels):
    """A cyst of 10 HU in a liver of 60, near a tumor of 40, in air; voxels of 1 x 1 x 2 mm."""
    image = np.full((16, 24, 24), -1000, np.int16)
    labels = np.zeros(image.shape, np.uint8)
    image[2:14, 2:22, 2:22] = 60
    labels[6:8, 8:12, 8:12], labels[6:8, 8:12, 13:15] = 6, 3
    image[labels == 6], image[labels == 3] = 10, 40
    # Just outside of the 5 mm around the cyst, along z and along y.
    image[10:, :, :], image[:, 17:, :] = 500, 500
    return Case(
        "a",
        save_labels(tmp_path / "a_0000.nii.gz", image),
        save_labels(tmp_path / "a.nii.gz", labels),
    )


def test_a_lesion_and_what_is_around_it(case):
    measured = measure_intensities(case, MSWAL_1)
    assert {label: int(counts.sum()) for label, counts in measured.histograms.items()} == {3: 16, 6: 32}
    assert measured.histograms[6][10 - LOWEST_HU] == 32
    tumor, cyst = measured.lesions
    assert (tumor.class_id, tumor.median_hu, tumor.surroundings_hu, tumor.contrast_hu) == (3, 40, 60, -20)
    assert (cyst.class_id, cyst.median_hu, cyst.surroundings_hu, cyst.contrast_hu) == (6, 10, 60, -50)


def test_the_surroundings_end_at_5_mm(tmp_path, save_labels):
    labels = np.zeros((13, 13, 13), np.uint8)
    labels[6, 6, 6] = 7
    distance = np.sqrt(sum((axis - 6.0) ** 2 for axis in np.ogrid[:13, :13, :13]))
    image = np.where(distance <= 5, 30, 900).astype(np.int16)
    image[6, 6, 6] = 0
    spacing = (1.0, 1.0, 1.0)
    files = [
        save_labels(tmp_path / name, array, spacing) for name, array in (("i.nii.gz", image), ("l.nii.gz", labels))
    ]
    (cyst,) = measure_intensities(Case("a", *files), MSWAL_1).lesions
    assert cyst.surroundings_hu == 30
    image[distance <= 4.9] = 900
    save_labels(tmp_path / "i.nii.gz", image, spacing)
    (cyst,) = measure_intensities(Case("a", *files), MSWAL_1).lesions
    assert cyst.surroundings_hu == 900


def test_a_volume_full_of_lesion_has_no_surroundings(tmp_path, save_labels):
    full = np.full((3, 3, 3), 4, np.uint8)
    files = [
        save_labels(tmp_path / name, full.astype(kind))
        for name, kind in (("i.nii.gz", np.int16), ("l.nii.gz", np.uint8))
    ]
    measured = measure_intensities(Case("a", *files), MSWAL_1)
    assert np.isnan(measured.lesions[0].contrast_hu)
    assert np.isnan(summarise_intensities([measured], MSWAL_1).classes["kidney_tumor"].contrast_hu)


def test_v2_weighs_cases_and_v1_voxels():
    cases = [CaseIntensities("a", {1: histogram([0] * 900)}), CaseIntensities("b", {2: histogram([100] * 100)})]
    v2, v1 = normalisation(cases, "nnU-Net v2"), normalisation(cases, "nnU-Net v1")
    assert (v2.mean, v2.deviation) == pytest.approx((50, 50))
    assert (v1.mean, v1.deviation) == pytest.approx((10, 30))
    assert (v2.lowest, v2.highest) == (0, 100)
    assert v2.clipped_share(histogram([-1, 0, 50, 100, 101, 300])) == 0.5
    assert normalisation([CaseIntensities("c", {})], "nnU-Net v2") is None


def test_the_normalisations_are_nnunets(small_phantom, tmp_path):
    """nnU-Net draws voxels at random: its numbers are near those that the drawing has on average."""
    pytest.importorskip("torch")
    pytest.importorskip("nnunetv2")
    from mswal_bench.baselines.nnunet.case_fingerprint import PlaneByPlaneFingerprint
    from mswal_bench.benchmark.data.dataset import open_dataset

    drawn = [
        PlaneByPlaneFingerprint.analyze_case([str(case.image)], str(case.label), _reader(), 200_000)[2][0]
        for case in open_dataset(small_phantom).train.values()
    ]
    values = np.concatenate([part for part in drawn if len(part)])
    found = dataset_intensities(small_phantom).normalisations["nnU-Net v2"]
    assert found.mean == pytest.approx(values.mean(), abs=1)
    assert found.deviation == pytest.approx(values.std(), rel=0.02)
    low, high = np.percentile(values, (0.5, 99.5))
    assert found.lowest == pytest.approx(low, abs=3)
    assert found.highest == pytest.approx(high, rel=0.03)


def _reader():
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    return SimpleITKIO


def test_the_command(small_phantom, tmp_path):
    out = tmp_path / "out"
    arguments = ["data", "stats", str(small_phantom), "--jobs", "1", "--intensities"]
    result = CliRunner().invoke(main, [*arguments, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "Contrast, sd" in result.stdout
    assert {*INTENSITY_FILES} < {file.name for file in out.iterdir()}
    told = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)["intensities"]
    stone = told["classes"]["kidney_stone"]
    assert stone["contrast_sd_v2"] == pytest.approx(stone["contrast_hu"] / told["normalisation"]["nnU-Net v2"]["sd"])
    rows = (out / "lesion_intensities.csv").read_text().splitlines()
    assert len(rows) == 1 + sum(of["lesions"] for of in told["classes"].values())
    plain = CliRunner().invoke(main, [*arguments[:-1], "--json"])
    assert "intensities" not in json.loads(plain.stdout)


def test_what_cannot_be_read_is_told(case, small_phantom):
    case.image.write_bytes(b"no image")
    measured = measure_intensities(case, MSWAL_1)
    assert measured.problems
    assert not measured.histograms
    with pytest.raises(BenchError) as error:
        summarise_intensities([measured], MSWAL_1)
    assert error.value.problems == list(measured.problems) or tuple(error.value.problems) == measured.problems
    with pytest.raises(BenchError, match="no training case has a lesion"):
        summarise_intensities([CaseIntensities("a", {})], MSWAL_1)


def test_labels_of_another_data_set_are_not_taken_for_mswal_s(case, tmp_path):
    for folder, path in {"imagesTr": case.image, "labelsTr": case.label}.items():
        (tmp_path / "raw" / folder).mkdir(parents=True)
        path.rename(tmp_path / "raw" / folder / path.name)
    labels = {"background": 0, **{f"organ {number}": number for number in range(1, 9)}}
    description = {"labels": labels, "numTraining": 1, "file_ending": ".nii.gz"}
    (tmp_path / "raw" / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(BenchError, match="the labels are not MSWAL's: expected 1 gallstone"):
        dataset_intensities(tmp_path / "raw", jobs=1)
