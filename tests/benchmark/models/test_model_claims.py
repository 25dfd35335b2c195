"""What the form of a submission takes from a model bundle."""

from pathlib import Path

import pytest

pytest.importorskip("psutil")

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.bundle import read_bundle
from mswal_bench.benchmark.models.model_claims import model_claims
from mswal_bench.benchmark.submissions.form_file import read_form
from mswal_bench.benchmark.submissions.init_submission import init_submission
from mswal_bench.tests.benchmark.runs.smoke_runs import call

from .small_bundle import write_small_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_small_bundle(tmp_path / "small.mswal")


def test_a_bundle_tells_its_method_folds_and_digest(bundle):
    claims = model_claims(bundle)
    assert claims == {
        "method": "Small",
        "baseline": "small",
        "model_digest": read_bundle(bundle).digest,
        "ensemble": {"models": 1, "description": "fold 0"},
        "notes": "Imported from elsewhere.",
    }


def test_the_form_has_the_digest_and_what_the_user_says_counts_first(bundle, tmp_path):
    begun = init_submission(tmp_path / "mine", claims=model_claims(bundle), fields={"method": "Ours"})
    text = begun.form.read_text(encoding="utf-8")
    assert f'model_digest: "{read_bundle(bundle).digest}"' in text
    assert 'method: "Ours"' in text
    codes = {finding.code for finding in read_form(text.encode()).findings}
    assert "form-field-unknown" not in codes


def test_the_command_takes_a_bundle(bundle, tmp_path):
    call("submission", "init", tmp_path / "mine", "--model", bundle)
    assert read_bundle(bundle).digest in (tmp_path / "mine" / "submission.yaml").read_text(encoding="utf-8")


def test_a_bundle_with_a_changed_byte_fills_in_nothing(bundle):
    content = bytearray(bundle.read_bytes())
    content[content.index(b"weight") + 500] ^= 1
    bundle.write_bytes(content)
    with pytest.raises(BenchError, match=r"digest-differs|checksum-differs"):
        model_claims(bundle)


def test_a_form_without_a_model_is_as_it_was():
    from mswal_bench.benchmark.submissions.submission_form import PublicForm

    form = PublicForm(method="M", authors=["A"], affiliation="B", track="official-test")
    assert not {"model", "model_digest"} & form.model_dump(mode="json").keys()
