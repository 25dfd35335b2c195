"""What a `cluster.yaml` can say, what goes before what, and a sentence for each thing that is wrong."""

import re
from pathlib import Path

import pytest

import mswal_bench
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request, read_cluster_settings
from mswal_bench.benchmark.jobs.tasks import Kind

DOCS = Path(mswal_bench.__file__).parent / "docs" / "how-to"


def test_a_file(tmp_path):
    path = tmp_path / "cluster.yaml"
    path.write_text("""
# Times of base 60 and truth values of YAML 1.1 are text here.
time: 24:00:00
partition: on
setup:
  - module load cuda
sbatch: {mail-type: FAIL, nice: 100}
at_once: 4
stop_ahead: 15
tasks:
  train: {time: 2-00, memory: 62.5}
  check: {partition: cpu}
""")
    assert read_cluster_settings(path) == ClusterSettings(
        time=1440,
        partition="on",
        setup=("module load cuda",),
        sbatch={"mail-type": "FAIL", "nice": "100"},
        at_once=4,
        stop_ahead=15,
        tasks={Kind.TRAIN: Request(time=2880, memory=62.5), Kind.CHECK: Request(partition="cpu")},
    )
    path.write_text("")
    assert read_cluster_settings(path) == ClusterSettings()


def test_what_the_pages_show_can_be_read(tmp_path):
    for example in sorted((DOCS / "cluster").iterdir()):
        read_cluster_settings(example)
    blocks = re.findall(
        r"^```yaml\n(.*?)^```", (DOCS / "cluster.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    trial, whole = sorted(blocks, key=len)
    (tmp_path / "trial.yaml").write_text(trial, encoding="utf-8")
    assert read_cluster_settings(tmp_path / "trial.yaml") == read_cluster_settings(DOCS / "cluster" / "trial.yaml")
    (tmp_path / "whole.yaml").write_text(whole, encoding="utf-8")
    assert read_cluster_settings(tmp_path / "whole.yaml").at_once == 16


def test_options_go_before_the_file_and_the_file_before_what_is_usual():
    settings = ClusterSettings(cpus=4, memory=10, time=100, tasks={Kind.TRAIN: Request(cpus=6, memory=20)})
    train = settings.request(Kind.TRAIN, Request(cpus=12))
    assert (train.cpus, train.memory, train.time, train.gpus) == (12, 20, 100, 1)
    predict = settings.request(Kind.PREDICT, Request())
    assert (predict.cpus, predict.memory, predict.time) == (4, 10, 100)
    usual = ClusterSettings().request(Kind.TRAIN, Request())
    assert (usual.cpus, usual.gpus, usual.time) == (8, 1, 1440)


def test_a_stop_comes_in_the_last_quarter_of_the_time():
    settings = ClusterSettings(stop_ahead=20)
    assert [settings.stop_ahead_s(Request(time=time)) for time in (None, 81, 80, 40, 1)] == [1200, 1200, 1200, 600, 15]


def test_only_training_and_prediction_get_a_gpu():
    asked = {kind: ClusterSettings(gpus=1).request(kind, Request(gpus=1)).gpus for kind in Kind}
    assert asked == {kind: int(kind in ("train", "predict")) for kind in Kind}
    assert ClusterSettings().request(Kind.TRAIN, Request(gpus=0)).gpus == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a", "the whole is wrong: expected fields below it, found a list of 1"),
        ("cpu: 8", "there can be no cpu. Did you mean cpus?"),
        ("tasks: {train: {at_once: 3}}", "there can be no tasks.train.at_once"),
        ("tasks: {trian: {cpus: 1}}", "tasks.trian is wrong: expected 'check', 'prepare', 'train', 'predict', "),
        ("tasks: {train: 3}", "tasks.train is wrong: expected fields below it, found '3'"),
        ("gpus: 2", "gpus is wrong: expected at most 1, found '2'"),
        ("cpus: 1.5", "cpus is wrong: expected a whole number, found '1.5'"),
        ("at_once: 0", "at_once is wrong: expected 1 or more, found '0'"),
        ("memory: 0", "memory is wrong: expected more than 0, found '0'"),
        ("memory: inf", "memory is wrong: expected a finite number, found 'inf'"),
        ("memory: 48G", "memory is wrong: expected a number, found '48G'"),
        ("partition: a b", "partition is wrong: expected a name without spaces, found 'a b'"),
        ("time: 1 day", "time is wrong: expected a time as sbatch takes it: 90 (minutes), 24:00:00, 2-12:00:00, found"),
        ("time: 0", "time is wrong: expected 1 or more, found '0'"),
        ("setup: module load cuda", "setup is wrong: expected a list, found 'module load cuda'"),
        ("sbatch: {mail-type: [END]}", "sbatch.mail-type is wrong: expected text, found a list of 1"),
        (
            "sbatch: {job_name: a}",
            "sbatch.job_name is wrong: expected an option of sbatch that launch does not set itself",
        ),
        ("tasks: {train: {sbatch: {time: 1}}}", "tasks.train.sbatch.time is wrong: expected an option of sbatch that "),
        ("a: [", "is not YAML"),
    ],
)
def test_what_is_wrong_has_its_sentence(tmp_path, text, sentence):
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    with pytest.raises(BenchError) as error:
        read_cluster_settings(path)
    assert f"{path}: {sentence}" in str(error.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    path = tmp_path / "cluster.yaml"
    path.write_text("cpu: 8\ntime: long\ntasks: {train: {gpus: 4}}")
    with pytest.raises(BenchError) as error:
        read_cluster_settings(path)
    assert len(error.value.problems) == 3


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(BenchError, match="cannot be read"):
        read_cluster_settings(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"partition: \xe9")
    with pytest.raises(BenchError, match="cannot be read"):
        read_cluster_settings(tmp_path / "latin.yaml")
