from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.baselines.weight_fit import WeightFit
from mswal_bench.benchmark.core.environment import describe_environment
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs.resources import Resources
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunRecord, Start, Step, TrainingSession, now
from mswal_bench.benchmark.submissions.form_file import PLACEHOLDER, read_form
from mswal_bench.benchmark.submissions.form_template import form_template
from mswal_bench.benchmark.submissions.init_submission import init_submission
from mswal_bench.benchmark.submissions.run_claims import claims_of
from mswal_bench.benchmark.submissions.validate import validate
from mswal_bench.tests.baselines.installed_plug_ins import HEAD, imported_from, install

from .cases import labels, make_labels, manifest_for

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

GPU = describe_environment().model_copy(update={"gpu": "NVIDIA H100"})
USED = Resources(wall_s=1800, gpu_hours=0.5, peak_gpu_mib=20_000)


def _record(method: str = "nnunet-v2", **changed: Any) -> RunRecord:
    session = TrainingSession(
        started_at=now(), from_epoch=0, to_epoch=10, of_epochs=10, device="cuda", environment="gpu", resources=USED
    )
    step = Step(started_at=now(), environment="gpu", resources=Resources(wall_s=30))
    fields: dict[str, Any] = {
        "created_at": now(),
        "identity": RunIdentity(
            method=method, budget="paper", seed=0, dataset="MSWAL", split_digest="", files_digest="", settings_digest=""
        ),
        "title": "nnU-Net v2",
        "publication": "p",
        "settings": {},
        "card": {},
        "parameters": 31_200_424,
        "track": "official-test",
        "folds": [0, 1, 2, 3, 4],
        "epochs": 1000,
        "environments": {"gpu": GPU},
        "prepared": step,
        "training": {fold: [session, session] for fold in range(5)},
        "resumed_from_epochs": {},
        "predicted": step,
        "cases": 3,
        "scores": None,
    }
    return RunRecord(**{**fields, **changed})


def _run(work: Path, record: RunRecord, save_labels: SaveLabels, goal: str = "fold-all") -> Path:
    """The outcome of a finished run, with its predictions."""
    predictions = "public-cv" if record.track == "public-cv" else goal
    make_labels(work / predictions / record.identity.method, save_labels)
    (work / goal).mkdir(exist_ok=True)
    (work / goal / "record.json").write_text(record.model_dump_json())
    return work / goal


def _filled(text: str) -> str:
    return text.replace(f'contact: "{PLACEHOLDER}"', "contact: a@b.org").replace(PLACEHOLDER, "filled")


def test_a_template_is_refused_until_it_is_filled_in(tmp_path: Path, save_labels: SaveLabels):
    form = init_submission(tmp_path / "mine").form
    text = form.read_text()
    refused = read_form(text.encode())
    assert refused.form is None
    fields = ["method", "authors[0]", "affiliation", "contact", "track"]
    assert [(each.code, each.field) for each in refused.findings] == [("form-placeholder", field) for field in fields]
    filled = read_form(_filled(text).encode())
    assert (filled.findings, filled.form and filled.form.method) == ((), "filled")


def test_every_example_of_the_template_is_right():
    lines = form_template({}).splitlines()
    # Examples, of which the # is taken away, begin like a field.
    used = [line.replace("# ", "", 1) if ":" in line.partition("# ")[2].split(" ")[0] else line for line in lines]
    used = [line.replace("#   ", "  ", 1) if line.startswith("#   ") else line for line in used]
    # None of this package's own has a package.
    text = _filled("\n".join(used)).replace("nnunet-v2", "hu-table")
    reading = read_form(text.encode())
    assert reading.findings == ()
    assert reading.form is not None
    assert reading.form.model_fields_set == set(type(reading.form).model_fields) - {"schema_version"}
    assert (reading.form.cost.gpus, reading.form.extra_data[0].name, reading.form.variant) == (1, "LiTS", "II")


def test_of_a_run_what_its_record_tells(tmp_path: Path, save_labels: SaveLabels):
    run = _run(tmp_path / "work", _record(), save_labels)
    begun = init_submission(tmp_path / "mine", run=run)
    assert begun.predictions == 3
    begun.form.write_text(_filled(begun.form.read_text()))
    reference = make_labels(tmp_path / "labels", save_labels)
    validation = validate(tmp_path / "mine", manifest_for(reference), deep=True)
    assert validation.findings == ()
    form = validation.form
    assert form is not None
    assert (form.method, form.baseline, form.variant, form.track) == ("nnU-Net v2", "nnunet-v2", None, "official-test")
    assert (form.ensemble.models, form.ensemble.description) == (5, "folds 0, 1, 2, 3, 4")
    assert form.cost.model_dump() == {
        "gpu": "NVIDIA H100",
        "gpus": None,
        "training_gpu_hours": 5.0,
        "prediction_s_per_case": 10.0,
        "peak_gpu_mib": 20_000,
        "parameters": 31_200_424,
    }
    # Copies: what becomes of the run's files later does not change what was handed in.
    assert not (tmp_path / "mine/predictions/case_1.nii.gz").samefile(run / "nnunet-v2/case_1.nii.gz")


def test_a_variant_out_of_fold(tmp_path: Path, save_labels: SaveLabels):
    record = _record("inception-nnunet-II", title=METHODS["inception-nnunet"].variants()["II"].title, track="public-cv")
    run = _run(tmp_path / "work", record, save_labels, "public-cv-fold-all")
    begun = init_submission(tmp_path / "mine", run=run)
    form = read_form(_filled(begun.form.read_text()).encode()).form
    assert begun.predictions == 3
    assert form is not None
    assert (form.baseline, form.variant, form.track) == ("inception-nnunet", "II", "public-cv")
    assert form.ensemble.models == 1


def test_a_plug_in_is_named_with_its_package(tmp_path: Path):
    record = _record()
    of_plug_in = {"method": "plug-fine", "package": "plug", "package_version": "1.0"}
    record = _record(identity=record.identity.model_copy(update=of_plug_in))
    install(tmp_path, "plug", f"{HEAD}METHOD = Plug('plug', variants=lambda: {{'fine': Plug('plug-fine')}})")
    with imported_from(tmp_path):
        claims = claims_of(record)
    assert (claims["baseline"], claims["variant"], claims["package"]) == ("plug", "fine", "plug 1.0")
    # Where it was uninstalled since, nothing tells the method from its variant.
    claims = claims_of(record)
    assert (claims["baseline"], claims.get("variant"), claims["package"]) == ("plug-fine", None, "plug 1.0")


def test_what_a_run_does_not_tell_is_not_claimed():
    killed = TrainingSession(started_at=now(), from_epoch=0, of_epochs=10, device="cuda", environment="gpu")
    cost = claims_of(_record(training={0: [killed]}, folds=[0]))["cost"]
    assert cost.keys() == {"gpu", "prediction_s_per_case", "parameters"}
    on_cpu = claims_of(_record(environments={"gpu": describe_environment()}))["cost"]
    assert (on_cpu["gpus"], on_cpu.keys() & {"gpu", "peak_gpu_mib"}) == (0, set())


def test_weights_that_were_begun_with_are_extra_data():
    other = _record().identity.model_copy(update={"dataset": "LiTS"})
    start = Start(run=other, fold=0, digest="d", fit=WeightFit({"a": 1}, {}, {}, ()))
    (data,) = claims_of(_record(start=start))["extra_data"]
    assert data == {"name": "LiTS", "public": PLACEHOLDER, "use": "pretraining"}


def test_what_is_done_to_predictions_is_told():
    assert "post_processing" not in claims_of(_record(settings={"speck_share": 0}))
    told = claims_of(_record(settings={"speck_share": 0.5}))["post_processing"]
    assert told.startswith("predicted lesions of less than 0.5 of the volume")
    # nnU-Net v1 keeps largest components where all its folds have been validated, and not out of fold.
    assert "largest component" in claims_of(_record("nnunet-v1"))["post_processing"]
    assert "post_processing" not in claims_of(_record("nnunet-v1", folds=[0]))
    assert "post_processing" not in claims_of(_record("nnunet-v1", track="public-cv"))


def test_a_name_with_marks_stays_one_text():
    for name in ('a: "b" #c', "é 腹 \U0001f600", "* x", "yes", "{[", "back\\slash"):
        form = read_form(_filled(form_template({"method": name})).encode()).form
        assert form is not None
        assert form.method == name


def test_what_an_interrupted_call_left_is_taken_up(tmp_path: Path, save_labels: SaveLabels):
    source = make_labels(tmp_path / "source", save_labels)
    whole = init_submission(tmp_path / "whole", predictions=source)
    (tmp_path / "mine/predictions").mkdir(parents=True)
    copied = tmp_path / "mine/predictions/case_1.nii.gz"
    shutil.copyfile(source / "case_1.nii.gz", copied)
    before = copied.stat()
    for _ in range(2):
        begun = init_submission(tmp_path / "mine", predictions=source)
        assert begun.predictions == whole.predictions == 3
        assert begun.form.read_bytes() == whole.form.read_bytes()
        assert len(list((tmp_path / "mine/predictions").iterdir())) == 3
    assert copied.stat() == before
    (tmp_path / "mine/predictions/other.nii.gz").write_text("")
    with pytest.raises(BenchError, match="has predictions in it already"):
        init_submission(tmp_path / "mine", predictions=source)


def test_nothing_is_overwritten(tmp_path: Path, save_labels: SaveLabels):
    source = make_labels(tmp_path / "source", save_labels)
    init_submission(tmp_path / "mine", predictions=source, fields={"track": "public-cv"})
    before = {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    save_labels(source / "case_1.nii.gz", labels("case_3"))
    with pytest.raises(BenchError) as refused:
        init_submission(tmp_path / "mine", predictions=source)
    assert [problem.what for problem in refused.value.problems] == [
        "is there already",
        "has predictions in it already",
    ]
    assert {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()} == before
    assert 'track: "public-cv"' in (tmp_path / "mine/submission.yaml").read_text()


def test_what_a_submission_cannot_have_is_not_dropped(tmp_path: Path, save_labels: SaveLabels):
    source = make_labels(tmp_path / "preds" / "mixed", save_labels)
    for name in ("a.nrrd", "b.mhd"):
        (source / name).touch()
    with pytest.raises(BenchError, match=r"cannot have: expected .* found a\.nrrd, b\.mhd\. Convert them"):
        init_submission(tmp_path / "mine", predictions=source)
    with pytest.raises(BenchError, match=r"has no prediction in it.* Did you mean .*mixed\?"):
        init_submission(tmp_path / "mine", predictions=tmp_path / "preds")
    assert not (tmp_path / "mine").exists()


def test_what_is_given_counts_before_what_the_record_says(tmp_path: Path, save_labels: SaveLabels):
    work = _run(tmp_path / "work", _record(), save_labels).parent
    given = {"method": "Mine", "authors": ["A", "B"], "affiliation": "U", "contact": "a@b.org", "track": "phantom"}
    begun = init_submission(tmp_path / "mine", run=work / "fold-all", fields=given)
    form = read_form(begun.form.read_bytes()).form
    assert form is not None
    assert {name: getattr(form, name) for name in given} == given
    assert form.baseline == "nnunet-v2"


def test_what_cannot_be_begun_with(tmp_path: Path, save_labels: SaveLabels):
    work = _run(tmp_path / "work", _record(), save_labels).parent
    (tmp_path / "empty").mkdir()
    for options, said in (
        ({"run": work}, r"Did you mean .*fold-all\?"),
        ({"run": tmp_path / "nowhere"}, "the record of a run cannot be read"),
        ({"run": work / "fold-all", "fields": {"track": "public-cv"}}, "the run is of another track"),
        ({"fields": {"track": "My track"}}, "track: .* can be there: expected at most 60 small letters"),
        ({"fields": {"method": "\udcff"}}, "is not plain YAML: found byte .* is not UTF-8"),
        ({"fields": {"method": "\x7f"}}, r"is not plain YAML: found the character U\+007F"),
        ({"fields": {"authors": ["A", "=B"], "contact": "c"}}, r"(?s)authors\[1\]: .*contact: .*an e-mail address"),
        ({"predictions": tmp_path / "nowhere"}, "cannot be read"),
        ({"predictions": tmp_path / "empty"}, "has no prediction in it"),
    ):
        with pytest.raises(BenchError, match=said):
            init_submission(tmp_path / "mine", **options)
    assert not (tmp_path / "mine").exists()
