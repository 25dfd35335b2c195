"""What `import mswal_bench as mb` gives: its names, its examples, and what it loads."""

from __future__ import annotations

import doctest
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

import mswal_bench as mb
from mswal_bench import api
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest_file import write_manifest
from mswal_bench.tests.baselines.nnunet.quick_nnunet import quick_nnunet
from mswal_bench.tests.benchmark.signed_records import key_file

ROOT = Path(__file__).resolve().parents[1]
FORM = "method: Mine\nauthors: [A]\naffiliation: B\ncontact: a@b.org\ntrack: phantom\n"
NAMES = [name for name in mb.__all__ if name not in ("__version__", "run", "predict")]
"""Those whose examples train nothing, and need nothing that is trained."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples begin with: a data set, scans, two methods' predictions, a manifest and a submission."""
    folder = tmp_path_factory.mktemp("made")
    write_phantom(folder / "raw", train=5, test=4, size="tiny", seed=0, progress=False)
    shutil.copytree(folder / "raw" / "imagesTs", folder / "scans")
    labels = shutil.copytree(folder / "raw" / "labelsTs", folder / "labels")
    write_manifest(manifest_of(labels, "phantom"), folder / "manifest.json")
    with zipfile.ZipFile(folder / "mine.zip", "w") as archive:
        archive.writestr("submission.yaml", FORM)
        for path in sorted(labels.iterdir()):
            archive.write(path, f"predictions/{path.name}")
    for name, voxels in (("a", 0), ("b", 1)):
        (folder / "runs" / name).mkdir(parents=True)
        for path in labels.iterdir():
            image = SimpleITK.ReadImage(str(path))
            moved = SimpleITK.GetImageFromArray(np.roll(SimpleITK.GetArrayFromImage(image), voxels, axis=2))
            moved.CopyInformation(image)
            SimpleITK.WriteImage(moved, str(folder / "runs" / name / path.name), useCompression=True)
    return folder


@pytest.fixture
def workplace(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of an example, with all of that in it, for it to write to."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    key_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_examples(test: doctest.DocTest) -> None:
    told: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=told.append)
    assert not results.failed, "".join(told)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_run(name: str, workplace: Path) -> None:
    assert run_examples_of(name) or inspect.isclass(getattr(mb, name)), f"{name} has no example"


def test_the_package_begins_with_an_example_of_all(workplace: Path) -> None:
    """The lines that train and predict are left to the test below."""
    test = first_example()
    test.examples = [example for example in test.examples if not re.search(r"mb\.(run|predict)\(", example.source)]
    run_examples(test)


@pytest.mark.slow
def test_the_examples_that_train_and_predict_run(workplace: Path) -> None:
    """In one folder, where each finds what those before it have trained."""
    pytest.importorskip("nnunetv2")
    with quick_nnunet():
        run_examples(first_example())
        assert run_examples_of("run")
        assert run_examples_of("predict")


def first_example() -> doctest.DocTest:
    reference = np.zeros((4, 8, 8), np.uint8)
    reference[1:3, 2:6, 2:6] = 4
    arrays = {"reference_array": reference, "prediction_array": np.roll(reference, 1, axis=2)}
    return doctest.DocTestParser().get_doctest(inspect.getdoc(mb) or "", arrays, "mswal_bench", None, None)


def run_examples_of(name: str) -> int:
    """How many there are in the docstrings of the function, or of the class and its methods."""
    found = doctest.DocTestFinder().find(getattr(mb, name), name, module=False, globs={"mb": mb, "np": np})
    for test in found:
        run_examples(test)
    return sum(len(test.examples) for test in found)


def test_the_page_has_the_same_lines() -> None:
    page = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(mb) or "")
    assert list(filter(None, map(_code, block.splitlines()))) == [_code(example.source) for example in examples]


def _code(line: str) -> str:
    return line.partition("  #")[0].strip()


@pytest.mark.parametrize("name", [name for name in mb.__all__ if name != "__version__"])
def test_every_name_is_described(name: str) -> None:
    assert (inspect.getdoc(getattr(mb, name)) or "").strip(), name


def test_the_names_are_listed_once_and_in_order() -> None:
    assert sorted(set(mb.__all__)) == mb.__all__
    assert set(mb.__all__) <= set(dir(mb))


def test_the_list_of_names_is_the_same_wherever_it_stands() -> None:
    assert [*api.__all__, "__version__"] == sorted(mb.__all__, key=lambda name: name == "__version__")
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    assert [name for name in mb.__all__ if not re.search(rf"`{name}\b", page)] == []


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'mswal_bench' has no attribute 'segment'"):
        _ = mb.segment


def test_importing_the_package_loads_nothing_large() -> None:
    code = """
import sys
before = set(sys.modules)
import mswal_bench
print(*sorted(set(sys.modules) - before))
# As they are where the methods' packages are not installed.
sys.modules |= dict.fromkeys(["torch", "nnunetv2", "monai", "psutil", "pynvml", "dynamic_network_architectures"])
assert "score_case" in dir(mswal_bench)
mswal_bench.score_case
print(*sorted({"matplotlib", "pandas", "SimpleITK", "skimage"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "mswal_bench\n\n"


def test_a_script_without_a_guard_is_run_once(workplace: Path) -> None:
    """The processes that evaluate and score are started anew, and would each begin with the script."""
    script = workplace / "script.py"
    script.write_text(
        "import mswal_bench as mb\n"
        "print('begins')\n"
        "mb.evaluate('mine.zip', reference='labels', results='results', jobs=2)\n"
    )
    done = subprocess.run([sys.executable, script], cwd=workplace, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("begins\n", "", 0)


def test_a_submission_that_is_refused_raises_with_every_error(workplace: Path) -> None:
    """The notes among the findings are no reason."""
    with zipfile.ZipFile("mine.zip") as archive, zipfile.ZipFile("bad.zip", "w") as bad:
        bad.writestr("submission.yaml", FORM.replace("Mine", "TODO"))
        bad.writestr("notes.txt", "")
        bad.writestr("predictions/PHANTOM_0485.nii.gz", archive.read("predictions/PHANTOM_0485.nii.gz")[:99])
    with pytest.raises(mb.BenchError) as raised:
        mb.evaluate("bad.zip", reference="labels", results="results")
    found = mb.validate("bad.zip", "manifest.json", deep=True)
    assert [str(problem) for problem in raised.value.problems] == [str(problem) for problem in found.problems]
    assert len(found.problems) == found.number("error") == len(found.findings) - 1
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("budget", "smok", "there is no budget 'smok': expected one of paper, demo, smoke. Did you mean smoke?"),
        ("track", "public_cv", "Did you mean public-cv?"),
        ("fold", 5, "there is no fold '5': expected one of 0, 1, 2, 3, 4, all."),
        ("device", "gpu", "there is no device 'gpu': expected one of auto, cpu, cuda."),
        ("variant", "IX", "nnunet-v2 has no variant 'IX'"),
    ],
)
def test_a_run_says_what_it_can_be_asked_for(option: str, value: Any, expected: str, tmp_path: Path) -> None:
    with pytest.raises(mb.BenchError) as raised:
        mb.run("nnunet-v2", "raw", work=tmp_path / "work", **{option: value})
    assert expected in str(raised.value)
    assert not (tmp_path / "work").exists()


def test_a_run_is_of_one_device_or_of_several() -> None:
    with pytest.raises(mb.BenchError, match="`device` and `devices` exclude each other"):
        mb.run("nnunet-v2", "raw", work="work", device="cpu", devices=["cpu", "cpu"])
    with pytest.raises(mb.BenchError, match="`device` and `devices` exclude each other"):
        mb.predict("work", "raw", "out", device="cpu", devices=[0, 1])


def test_findings_are_rows_and_print_as_the_command_prints_them(workplace: Path) -> None:
    with zipfile.ZipFile("bad.zip", "w") as bad:
        bad.writestr("submission.yaml", FORM)
        bad.writestr("predictions/<b>.nii.gz", b"")
    found = mb.validate("bad.zip", "manifest.json")
    command = [sys.executable, "-m", "mswal_bench", "validate", "bad.zip", "--manifest", "manifest.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (f"{found}\n", done.returncode) == (done.stdout, 1)
    frame = found.to_frame()
    assert frame["code"].tolist() == [finding.code for finding in found.findings]
    assert {"severity", "case", "file", "what", "found", "expected", "mend", "field"} < {*frame.columns}
    assert "&lt;b&gt;.nii.gz" in found._repr_html_()
    assert list(mb.validate("mine.zip", "manifest.json").to_frame().columns) == list(frame.columns)


def test_a_record_and_its_ranking_are_frames_of_numbers(workplace: Path) -> None:
    record = mb.evaluate("mine.zip", reference="labels", results="results", verified=True, key="organiser")
    frame = record.to_frame()
    values = frame.set_index(["lesion", "metric"])["value"].to_dict()
    assert values["average", "dsc"] == record.average.dsc.value == 1
    assert np.isnan(values["pancreatic_cancer", "f1"])
    assert record.classes["pancreatic_cancer"].f1.value is None
    assert [str(frame[name].dtype) for name in ("value", "low", "high")] == ["float64"] * 3
    assert "Avg." in record._repr_html_()
    (ranking,) = rankings = mb.rank("results")
    assert (ranking["Mine"].rank, ranking.track, str(ranking)) == (1, "phantom", str(rankings))
    assert ranking.to_frame()[["method", "rank", "dsc"]].values.tolist() == [["Mine", 1.0, 1.0]]
    assert "Mine" in ranking._repr_html_()
    assert (list(ranking), "mine" in ranking, dict(ranking)) == (["Mine"], False, {"Mine": ranking.methods[0]})
    with pytest.raises(KeyError, match="there is no method 'mine': ranked are Mine"):
        ranking["mine"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_results_print_whatever_letters_stdout_has(encoding: str, workplace: Path) -> None:
    code = (
        "import mswal_bench as mb\n"
        "folders = {'reference': 'labels', 'results': 'results'}\n"
        "record = mb.evaluate('mine.zip', **folders, track='phantom', verified=True, key='organiser')\n"
        "print(record, mb.rank('results'), mb.validate('none.zip', 'manifest.json'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": encoding}
    )
    assert ("\N{EN DASH}" in done.stdout.decode(encoding)) == (encoding == "utf-8")


def test_predictions_that_are_recorded_under_another_form_are_a_warning(workplace: Path) -> None:
    mb.evaluate("mine.zip", reference="labels", results="results")
    with zipfile.ZipFile("mine.zip") as archive, zipfile.ZipFile("again.zip", "w") as again:
        for name in archive.namelist():
            again.writestr(name, archive.read(name).replace(b"method: Mine", b"method: Ours"))
    with pytest.warns(UserWarning, match="the same predictions are recorded as 'Mine' under another form"):
        mb.evaluate("again.zip", reference="labels", results="results")


def test_scores_print_as_the_command_prints_them(workplace: Path) -> None:
    scores = mb.score_folders(["runs/a", Path("runs/b")], reference="labels", details=True)
    command = [sys.executable, "-m", "mswal_bench", "score", "runs/a", "runs/b", "--reference", "labels", "--details"]
    assert f"{scores}\n" == subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert repr(scores) == "<Scores of a, b: 4 cases, mswal/1>"
    assert scores._repr_html_().count("<table>") == 2


def test_scores_are_of_a_data_set_s_test_or_training_cases(workplace: Path) -> None:
    assert [*mb.score_folders("runs/a", mb.load_dataset("raw"))["a"].by_case] == [*mb.load_dataset("raw").test]
    out_of_fold = shutil.copytree("raw/labelsTr", "runs/all")
    assert [*mb.score_folders(out_of_fold, "raw", track="public-cv")["all"].by_case] == [*mb.load_dataset("raw").train]
    shutil.rmtree("raw/labelsTs")
    with pytest.raises(mb.BenchError, match="the test labels are not there: expected a folder labelsTs"):
        mb.score_folders("runs/a", "raw")


@pytest.mark.parametrize(
    ("predictions", "given", "expected"),
    [
        ("runs/a", {}, "expected `data` or `reference`, found none."),
        ("runs/a", {"data": "raw", "reference": "labels"}, "expected `data` or `reference`, found both."),
        ("runs/a", {"reference": "labels", "track": "public-cv"}, "a track is one of a data set: expected `data`"),
        ([], {"reference": "labels"}, "no folder of predictions is named."),
    ],
)
def test_a_call_that_scores_nothing_is_refused(predictions: Any, given: dict[str, Any], expected: str) -> None:
    with pytest.raises(mb.BenchError, match=re.escape(expected)):
        mb.score_folders(predictions, **given)


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (
            lambda: mb.score_folders("runs/a", reference="labels", jobs=0),
            "jobs is out of range: expected a number from 1",
        ),
        (lambda: mb.rank("results", resamples=0), "resamples is out of range: expected 1 to 1000000, found 0."),
        (lambda: mb.rank("results", permutations=0), "permutations is out of range"),
        (lambda: mb.evaluate("mine.zip", reference="labels", results="results", resamples=10**7), "found 10000000."),
        (lambda: mb.run("nnunet-v2", "raw", work="work", seed=-1), "seed is out of range: expected a number from 0 on"),
        (lambda: mb.run("nnunet-v2", "raw", work="work", memory_gb=0), "memory_gb is out of range: expected a number"),
        (lambda: mb.run("nnunet-v2", "raw", work="work", memory_gb=-0.5), "above 0, or None, found -0.5."),
        (lambda: mb.run("nnunet-v2", "raw", work="work", memory_gb=nan), "memory_gb is out of range"),
        (lambda: mb.run("nnunet-v2", "raw", work="work", memory_gb=inf), "memory_gb is out of range"),
        (lambda: mb.predict("work", "raw", "out", memory_gb=0), "memory_gb is out of range: expected a number above 0"),
    ],
)
def test_a_number_that_is_out_of_range_is_refused_before_anything_begins(
    called: Callable[[], object], expected: str
) -> None:
    with pytest.raises(mb.BenchError, match=re.escape(expected)):
        called()


def test_what_is_left_out_of_scores_is_a_warning(workplace: Path) -> None:
    Path("runs/b/PHANTOM_0485.nii.gz").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"PHANTOM_0485\.nii\.gz"):
        scores = mb.score_folders(["runs/a", "runs/b"], "raw")
    assert (scores["b"].failed, len(scores.problems)) == (("PHANTOM_0485",), 1)
    with pytest.raises(mb.BenchError, match="has no scores of 1 of the cases that others have"):
        mb.rank(scores)


def test_a_ranking_is_of_scores_or_of_what_a_folder_holds(workplace: Path) -> None:
    scores = mb.score_folders(["runs/a", "runs/b"], "raw")
    scores.save("out")
    ranking = mb.rank(scores, "dsc", resamples=100, permutations=100, seed=1)
    assert mb.rank(mb.load_scores("out"), "dsc", resamples=100, permutations=100, seed=1) == ranking
    assert list(mb.rank("out", "dsc", resamples=100, permutations=100, seed=1)) == [ranking]
    with pytest.raises(mb.BenchError, match="track, claimed: choose among the records"):
        mb.rank(scores, track="phantom", claimed=True)  # type: ignore[call-overload]


def test_numbers_are_the_same_of_files_and_of_arrays(workplace: Path) -> None:
    scores = mb.score_folders(["runs/a", "runs/b"], "raw")
    counts: Counter[tuple[str, str]] = Counter()
    for case in scores["b"].by_case:
        files = (SimpleITK.ReadImage(f"{folder}/{case}.nii.gz") for folder in ("labels", "runs/b"))
        reference, prediction = (SimpleITK.GetArrayFromImage(file) for file in files)
        result = mb.score_case(reference, prediction, spacing_mm=(4, 4, 4))
        counts.update({(key, name): getattr(of, name) for key, of in result.items() for name in ("tp", "fp", "fn")})
    assert counts == {(key, name): getattr(of, name) for key, of in scores["b"].items() for name in ("tp", "fp", "fn")}


def test_a_folder_of_label_maps_has_the_names_of_its_data_set(workplace: Path) -> None:
    labels = {"background": 0, **{f"organ {number}": number for number in range(1, 9)}}
    Path("dataset.json").write_text(json.dumps({"labels": labels}))
    scores = mb.score_folders("runs/a", reference="labels")
    assert [*scores["a"]] == [f"organ_{number}" for number in range(1, 9)]
    assert scores.protocol.id.startswith("mswal/1 on organ_1+organ_2+")
