import pytest

from .prediction_page import DisagreementError, Row, compared, rows, section

_MIB = 2**20
ABOUT = {
    "cpu_s": 1.0,
    "before_mib": 100.0,
    "peak_mib": 110.0,
    "tree_mib": 50.0,
    "processes": 1,
    "digest": "a",
    "voxels": 1000,
    "foreground": 10,
}


def report(**other):
    return [ABOUT | other]


def test_rows_hold_parts_of_others():
    found = rows(
        {
            ("usual", "export", "ours"): report() * 3,
            ("usual", "export", "nnU-Net"): report(cpu_s=40, peak_mib=300),
            ("276 slices, five folds", "predict", "ours"): report(peak_mib=2000.0, image_bytes=1000 * _MIB),
            # Less than all processes held together, so that it is not the peak.
            ("1,089 slices, five folds", "predict", "ours"): report(
                peak_mib=4000.0, tree_mib=4500.0, image_bytes=3100 * _MIB
            ),
            ("1,089 slices, five folds", "predict two", "ours"): report(peak_mib=3000.0, tree_mib=6000.0),
        }
    )
    assert [row.cells() for row in found] == [
        ["export, usual", "CPU time", "1/40", "nnU-Net"],
        ["export, usual", "peak memory", "1/20", "nnU-Net"],
        ["predict, 1,089 slices, five folds", "peak memory", "4.72 GB", ""],
        ["the same of two, all processes together", "peak memory", "6.29 GB", ""],
        ["predict, 1,089 slices, five folds, above the image", "peak memory", "1.40 x", "itself with 276 slices"],
    ]


def test_the_sliding_window_is_counted_in_rows_of_its_own():
    found = rows(
        {
            ("276 slices", "predict", "ours"): report(cpu_s=5.0, windows_s=15.0),
            ("276 slices", "predict", "earlier"): report(cpu_s=75.0, windows_s=25.0),
        }
    )
    assert [row.cells() for row in found] == [
        ["predict, 276 slices, beside the sliding window", "CPU time", "1/15", "earlier"],
        ["predict, 276 slices, with the sliding window", "CPU time", "1/5", "earlier"],
    ]


def test_a_part_has_three_digits():
    assert Row("predict", "CPU time", 1 / 11.86, beside="nnU-Net").cells() == [
        "predict",
        "CPU time",
        "1/11.9",
        "nnU-Net",
    ]


def test_voxels_count_once_where_nnunet_labelled_them():
    work = {("a", "predict", "ours"): report() * 2, ("a", "predict", "nnU-Net"): report()}
    # What nobody else did was not compared.
    assert compared(work | {("b", "predict", "ours"): report(digest="b")}) == (1000, 10)
    assert compared(work | {("b", "predict", who): report() for who in ("ours", "nnU-Net")}) == (2000, 20)


@pytest.mark.parametrize("who", ["ours", "nnU-Net", "earlier"])
def test_labels_that_differ_end_it(who):
    reports = {("a", "predict", name): report() for name in ("ours", "nnU-Net", "earlier")}
    reports["a", "predict", who] = report(digest="b")
    with pytest.raises(DisagreementError, match="a: predict: not every voxel has the same label by"):
        section(reports, [], "abc1234")


def test_labels_without_a_lesion_end_it():
    with pytest.raises(DisagreementError, match="a: export: ours found no lesion"):
        section({("a", "export", "ours"): report(foreground=0)}, [], "abc1234")


def test_a_section_says_what_was_compared():
    reports = {
        ("usual", "export", "ours"): report(),
        ("usual", "export", "nnU-Net"): report(cpu_s=60.0),
    }
    text = section(reports, ["a machine"], "abc1234")
    assert text.startswith("## Prediction and preparation\n\n- a machine\n\n| what | measure | mswal-bench | beside |")
    assert "| export, usual | CPU time | 1/60 | nnU-Net |" in text
    assert "1,000 voxels were compared,\n10 of them foreground" in text
    assert "revision abc1234 of this project" in text
    assert "| usual | export | nnU-Net | 1 | 60.00 |  | 100 | 110 | 1 |" in text
