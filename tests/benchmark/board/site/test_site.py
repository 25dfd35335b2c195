from __future__ import annotations

import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.board.site import site_pages
from mswal_bench.benchmark.board.site.site_pages import build_site
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.records.result_record import NOT_SHOWN

from .board_results import add_record

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% for x in y %}",
    "javascript:alert(1)",
    "../../../etc/passwd",
    "${alert(1)} \\u003cb\\u003e",
)


def build(results: Path, site: Path) -> Path:
    build_site(results, site, date=None, resamples=100, seed=0)
    return site


def contents(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


OWN = {path.stem for path in (Path(site_pages.__file__).parent / "assets").iterdir()}


class Tags(HTMLParser):
    """What a browser takes for tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(page)
    return parser.tags


def test_the_same_records_make_the_same_bytes(tmp_path: Path) -> None:
    for index in range(3):
        add_record(tmp_path / "results", f"m{index}", seed=index)
    one, other = (build(tmp_path / "results", tmp_path / name) for name in ("one", "other"))
    assert contents(one) == contents(other)
    before = contents(one)
    assert contents(build(tmp_path / "results", one)) == before


def test_a_public_record_can_be_downloaded_and_says_no_contact(tmp_path: Path) -> None:
    record = add_record(tmp_path / "results", baseline="nnunet-resenc", notes="One line.\nAnother.")
    site = build(tmp_path / "results", tmp_path / "site")
    there = {path.name for path in (site / "records" / record.id).iterdir()}
    assert there == {"record.json", "record.json.sig", "form.json", "cases.csv.gz", "lesions.csv.gz"}
    for name, digest in record.files.items():
        unpacked = gzip.decompress((site / "records" / record.id / f"{name}.gz").read_bytes())
        assert f"sha256:{hashlib.sha256(unpacked).hexdigest()}" == digest
    page = (site / "methods" / f"{record.id}.html").read_text()
    for said in (
        record.reference_digest,
        record.submission_digest,
        "Fidelity card",
        "Left open by both",
        "One line.\n",
    ):
        assert said in page
    links = [attrs["href"] for tag, attrs in tags(page) if tag == "a"]
    for link in links:
        if link is not None and not link.startswith(("http", "#")):
            assert (site / "methods" / link.partition("#")[0]).is_file(), link
    assert "contact" not in json.loads((site / "records" / record.id / "form.json").read_text())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_text(tmp_path: Path, text: str) -> None:
    record = add_record(
        tmp_path / "results",
        text[:60],
        authors=[text],
        affiliation=text,
        notes=text,
        post_processing=text,
        extra_data=[{"name": text, "public": True, "use": text}],
        ensemble={"models": 2, "description": text},
        cost={"gpu": text},
    )
    site = build(tmp_path / "results", tmp_path / "site")
    harmless = add_record(tmp_path / "other", "Plain", authors=["Plain"])
    plain = build(tmp_path / "other", tmp_path / "plain")
    for page, like in (("index", "index"), (f"methods/{record.id}", f"methods/{harmless.id}")):
        hostile_page, plain_page = (
            (folder / f"{name}.html").read_text() for folder, name in ((site, page), (plain, like))
        )
        found = {(tag, *sorted(attrs)) for tag, attrs in tags(hostile_page)}
        expected = {(tag, *sorted(attrs)) for tag, attrs in tags(plain_page)}
        assert found <= expected | {("br",), ("div", "class", "dir")}
    told = (site / "boards" / "public-cv.js").read_text()
    assert not set("<>&'") & set(told)
    ((_, _, lines),) = [json.loads(f"[{call.removesuffix(');')}]") for call in told.strip().split("mswal.receive(")[1:]]
    assert lines["method"] == [record.form.method]
    assert all(text not in name for name in contents(site))
    assert not list(tmp_path.parent.glob("passwd"))


def test_every_row_of_a_chart_uses_lines_that_its_page_has_once(tmp_path: Path) -> None:
    add_record(tmp_path / "results")
    site = build(tmp_path / "results", tmp_path / "site")
    for path in site.rglob("*.html"):
        found = list(tags(path.read_text()))
        ids = [attrs["id"] or "" for tag, attrs in found if "id" in attrs]
        assert len(set(ids)) == len(ids), path
        used = {attrs["href"] for tag, attrs in found if tag == "use"}
        assert used == {f"#{each}" for each in ids if each and each.startswith("grid-")}
        assert used or path.name == "submit.html"


def test_pages_name_no_other_site_but_links_that_a_reader_follows(tmp_path: Path) -> None:
    add_record(tmp_path / "results", paper="https://example.org/paper", model="https://example.org/model")
    site = build(tmp_path / "results", tmp_path / "site")
    for path in site.rglob("*.html"):
        for tag, attrs in tags(path.read_text()):
            for name in ("src", "href", "action", "srcset", "poster", "data"):
                address = attrs.get(name) or ""
                if tag == "a" and address.startswith(
                    (
                        "https://example.org/",
                        "https://arxiv.org/abs/",
                        "https://huggingface.co/datasets/zhaodongwu/MSWAL",
                    )
                ):
                    assert "noreferrer" in (attrs["rel"] or "")
                else:
                    assert not re.match(r"\w+:|//", address.removeprefix("data:,")), (path, tag, address)
            assert not [name for name in attrs if name.startswith("on") or name == "style"]
    own = "".join(path.read_text() for path in (site / "assets").iterdir() if path.stem in OWN)
    assert "url(" not in own
    assert "fetch(" not in own
    assert "innerHTML" not in own


def test_nothing_of_a_single_case_of_a_hidden_track_gets_into_the_site(tmp_path: Path) -> None:
    results, private = tmp_path / "results", tmp_path / "private"
    records = [
        add_record(results, f"m{i}", track="official-test", private=private, quality=0.3 + 0.2 * i, seed=i)
        for i in range(3)
    ]
    # Rows that lie beside the record by mistake are not published either.
    left = private / "official-test" / records[0].id / "cases.csv"
    (results / "records" / "official-test" / records[0].id / "cases.csv").write_bytes(left.read_bytes())
    site = build(results, tmp_path / "site")
    assert "CASE_0000" in left.read_text()
    assert not [name for name, content in contents(site).items() if b"CASE_" in content]
    assert [name for name in contents(site) if name.endswith(".csv")] == ["results.csv"]
    for record in records:
        there = {path.name for path in (site / "records" / record.id).iterdir()}
        assert there == {"record.json", "record.json.sig", "form.json"}
    # What a case scored is a long fraction; a digest of the rows would confirm a guess of them.
    told = {
        cell for row in left.read_text().splitlines()[1:] for cell in row.split(",") if re.match(r"0\.\d{10}", cell)
    }
    assert told
    told |= {digest.removeprefix("sha256:") for record in records for digest in record.files.values()}
    published = b"\n".join(contents(site).values()).decode()
    assert not [number for number in told if number in published]
    front = (site / "index.html").read_text()
    assert "rounded down to whole points" in front
    # No interval is published, and the paper prints none; the description of the columns says what one would be.
    shown = re.sub(r'<script type="application/ld\+json">.*?</script>', "", front)
    assert "95 %" not in shown
    assert "would tell of them, and is not published" in front


def test_a_hidden_record_that_is_not_shown_has_no_rank(tmp_path: Path) -> None:
    """Beside it stands one from before there were policies, whose further digits put it above nobody."""
    policy = ReleasePolicy(submissions=7, recent=3, days=20)
    best, kept_back = (
        add_record(
            tmp_path / "results", f"m{i}", private=tmp_path / "private", quality=0.6, seed=4, cases=200,
            release=Release(policy=policy, shown=shown),
        )
        for i, shown in enumerate((True, False))
    )  # fmt: skip
    older = add_record(
        tmp_path / "results", "older", private=tmp_path / "private", quality=0.6, seed=4, cases=200, release=None
    )
    site = build(tmp_path / "results", tmp_path / "site")
    pages = {record.id: (site / "methods" / f"{record.id}.html").read_text() for record in (best, kept_back, older)}
    assert [NOT_SHOWN in page for page in pages.values()] == [False, True, False]
    assert ["Rank among" in page for page in pages.values()] == [True, False, True]
    assert "By lesion type" not in pages[best.id]
    assert re.search(r"<dt>Avg. DSC, %</dt><dd><span class=\"value\">\d+</span>", pages[best.id]), "no decimals"
    assert "By lesion type" in pages[older.id]
    front = (site / "index.html").read_text()
    assert "7 submissions in all, 3 within 20 days" in front
    assert "7 submissions in all, 3 within 20 days" in (site / "submit.html").read_text()
    told = (site / "boards" / "public-cv.js").read_text()
    lines = json.loads(told[told.index("{") : told.rindex("}") + 1])
    ranks = dict(zip(lines["id"], lines["ranks"]["mean-rank"], strict=True))
    assert ranks == {best.id: 1, older.id: 1, kept_back.id: None}
    of = {id_: lines["average"]["dsc"][3 * at : 3 * at + 3] for at, id_ in enumerate(lines["id"])}
    assert of[kept_back.id] == [None, None, None]
    assert of[best.id] == [of[older.id][0] // 100 * 100, None, None]


def test_steps_of_a_fraction_of_a_point_are_shown_with_their_decimals(tmp_path: Path) -> None:
    """Rounded once more, a value would be above what the policy rounds down to."""
    release = Release(policy=ReleasePolicy(points=0.25), shown=True)
    for seed in range(8):
        add_record(
            tmp_path / "results", f"m{seed}", private=tmp_path / "private", quality=0.6, seed=seed, release=release
        )
    site = build(tmp_path / "results", tmp_path / "site")
    pages = "".join(path.read_text() for path in (site / "methods").iterdir() if "paper" not in path.name)
    shown = re.findall(r"<dt>Avg. DSC, %</dt><dd><span class=\"value\">([\d.]+)</span>", pages)
    assert len(shown) == 8
    assert all(4 * float(value) % 1 == 0 for value in shown)
    assert any(len(value.partition(".")[2]) == 2 for value in shown)


def test_rows_that_are_not_the_records_are_refused(tmp_path: Path) -> None:
    records = [add_record(tmp_path / "results", f"m{i}", seed=i) for i in range(2)]
    for record in records:
        rows = tmp_path / "results" / "records" / "public-cv" / record.id / "cases.csv"
        rows.write_text(rows.read_text().replace("CASE_0001", "CASE_1000"))
    with pytest.raises(BenchError) as raised:
        build(tmp_path / "results", tmp_path / "site")
    assert str(raised.value).count("is not the file that the record was written with") == 2
    assert not (tmp_path / "site").exists()


def test_a_folder_that_is_no_board_is_refused_and_kept(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    add_record(tmp_path / "results")
    (site / "thesis.tex").write_text("years of work")
    with pytest.raises(BenchError, match=r"is not a board.*thesis\.tex"):
        build(tmp_path / "results", site)
    assert contents(site) == {"thesis.tex": b"years of work"}
    (site / "thesis.tex").unlink()
    build(tmp_path / "results", site)
    before = contents(site)
    (site / "CNAME").write_text("example.org")
    with pytest.raises(BenchError, match=r"not the board's.*CNAME"):
        build(tmp_path / "results", site)
    (site / "CNAME").unlink()
    assert contents(site) == before
    (site / "board.json").write_text("[]")
    with pytest.raises(BenchError, match="not the listing of a board"):
        build(tmp_path / "results", site)


def test_a_file_in_the_place_of_the_site_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "site").write_text("")
    with pytest.raises(BenchError, match="is not a folder"):
        build(tmp_path / "results", tmp_path / "site")


def test_a_folder_without_a_record_makes_no_board(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    with pytest.raises(BenchError, match=r"has no record to build a board of.*mswal-bench evaluate"):
        build(tmp_path / "results", tmp_path / "site")
    assert not (tmp_path / "site").exists()
    told = CliRunner().invoke(main, ["leaderboard", "build", str(tmp_path / "results"), "-o", str(tmp_path / "site")])
    assert told.exit_code == 1


def test_where_submissions_go_is_linked_to(tmp_path: Path) -> None:
    add_record(tmp_path / "results")
    arguments = ["leaderboard", "build", str(tmp_path / "results"), "-o", str(tmp_path / "site"), "--resamples", "100"]
    assert CliRunner().invoke(main, [*arguments, "--submit-to", "mailto:board@example.org"]).exit_code == 0
    assert ("a", "mailto:board@example.org") in {
        (tag, attrs.get("href")) for tag, attrs in tags((tmp_path / "site" / "submit.html").read_text())
    }
    refused = CliRunner().invoke(main, [*arguments, "--submit-to", "javascript:alert(1)"])
    assert refused.exit_code == 2


def test_from_the_command_line(tmp_path: Path) -> None:
    for index in range(2):
        add_record(tmp_path / "results", f"m{index}", seed=index)
    add_record(tmp_path / "results", "other", status="claimed", seed=5)
    arguments = ["leaderboard", "build", str(tmp_path / "results"), "-o", str(tmp_path / "site")]
    result = CliRunner().invoke(main, [*arguments, "--resamples", "100", "--date", "1 May 2027"])
    assert result.exit_code == 0, result.output
    assert "official-test: 7 reported\npublic-cv: 2 verified, 1 claimed\n" in result.output
    assert "on 1 May 2027" in (tmp_path / "site" / "index.html").read_text()
    wrong = CliRunner().invoke(main, ["leaderboard", "build", str(tmp_path / "nowhere"), "-o", str(tmp_path / "site")])
    assert wrong.exit_code == 1
    assert "there is no such results folder" in wrong.output
