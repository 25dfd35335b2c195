from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.submissions.manifest_file import write_manifest
from mswal_bench.tests.benchmark.submissions.cases import make_labels, manifest_for

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_from_the_template_to_a_valid_submission(tmp_path: Path, save_labels: SaveLabels):
    reference = make_labels(tmp_path / "labels", save_labels)
    write_manifest(manifest_for(reference), tmp_path / "manifest.json")
    mine = tmp_path / "mine"
    begun = _run("submission", "init", mine, "--predictions", reference, "--track", "official-test")
    assert begun.exit_code == 0, begun.output
    assert "3 predictions were copied" in begun.stdout

    refused = _run("validate", mine, "--manifest", tmp_path / "manifest.json")
    assert refused.exit_code == 1
    assert "[form-placeholder]" in refused.stdout
    assert "submission.yaml, authors[0]" in refused.stdout

    form = mine / "submission.yaml"
    text = form.read_text().replace('contact: "TO FILL IN"', 'contact: "a@b.org"').replace("TO FILL IN", "Me")
    form.write_text(text.replace("# notes:", "notes:"))
    assert _run("validate", mine, "--manifest", tmp_path / "manifest.json", "--deep").exit_code == 0


def test_what_only_its_authors_know_may_be_given(tmp_path: Path, save_labels: SaveLabels):
    reference = make_labels(tmp_path / "labels", save_labels)
    write_manifest(manifest_for(reference), tmp_path / "manifest.json")
    mine = tmp_path / "mine"
    given = ["--method", "Mine", "--author", "A", "--author", "B", "--affiliation", "U", "--contact", "a@b.org"]
    begun = _run("submission", "init", mine, "--predictions", reference, "--track", "official-test", *given)
    assert begun.exit_code == 0, begun.output
    assert '- "A"\n  - "B"' in (mine / "submission.yaml").read_text()
    assert _run("validate", mine, "--manifest", tmp_path / "manifest.json", "--deep").exit_code == 0


def test_people_are_named_as_such(tmp_path: Path):
    assert _run("submission", "init", tmp_path / "mine", "--people", "--track", "raters").exit_code == 0
    assert '\ndrawn_by: "people"\n' in (tmp_path / "mine" / "submission.yaml").read_text()


def test_what_no_form_can_have_is_refused_before_anything_is_written(tmp_path: Path):
    refused = _run(
        "submission", "init", tmp_path / "mine", "--method", "=1+1", "--contact", "nobody", "--track", "My T"
    )
    assert refused.exit_code == 1
    assert [line.split(":")[1] for line in refused.stderr.splitlines()] == [" method", " track", " contact"]
    assert not (tmp_path / "mine").exists()


def test_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "submission.yaml").write_text("mine")
    refused = _run("submission", "init", tmp_path)
    assert (refused.exit_code, "is there already" in refused.stderr) == (1, True)
    assert (tmp_path / "submission.yaml").read_text() == "mine"
    assert _run("submission", "init", tmp_path, "one", "too many").exit_code == 2


@pytest.mark.parametrize(
    ("folder", "method"), [("alpha", "alpha"), ("=1", "TO FILL IN"), ("predictions", "TO FILL IN")]
)
def test_the_method_is_called_as_the_folder_of_predictions(
    tmp_path: Path, save_labels: SaveLabels, folder: str, method: str
) -> None:
    predictions = make_labels(tmp_path / "preds" / folder, save_labels)
    begun = _run("submission", "init", tmp_path / "mine", "--predictions", predictions)
    assert begun.exit_code == 0, begun.output
    assert f'method: "{method}"' in (tmp_path / "mine" / "submission.yaml").read_text()


def test_a_given_name_counts_before_the_folders(tmp_path: Path, save_labels: SaveLabels) -> None:
    predictions = make_labels(tmp_path / "preds" / "alpha", save_labels)
    _run("submission", "init", tmp_path / "mine", "--predictions", predictions, "--method", "Beta")
    assert 'method: "Beta"' in (tmp_path / "mine" / "submission.yaml").read_text()
