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


def test_rows_hold_parts_of_others_and_verdicts():
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
        ["export, usual: CPU of nnU-Net", "1/40", "≤ 1/30", "≤ 1/50", "must"],
        ["export, usual: memory of nnU-Net", "1/20", "≤ 1/25", "≤ 1/50", "missed"],
        ["predict, 1,089 slices, five folds: peak", "4.72 GB", "≤ 5.00 GB", "≤ 4.00 GB", "must"],
        ["the same of two, all processes together: peak", "6.29 GB", "", "", ""],
        ["predict, 1,089 slices: peak above the image, of 276 slices", "1.40 x", "≤ 1.30 x", "≤ 1.00 x", "missed"],
    ]


def test_limits_are_for_what_is_beside_the_sliding_window():
    found = rows(
        {
            ("276 slices", "predict", "ours"): report(cpu_s=5.0, windows_s=15.0),
            ("276 slices", "predict", "earlier"): report(cpu_s=75.0, windows_s=25.0),
        }
    )
    assert [row.cells() for row in found] == [
        ["predict, 276 slices, beside the sliding window: CPU of earlier", "1/15", "≤ 1/8", "≤ 1/12", "aim"],
        ["predict, 276 slices, with the sliding window: CPU of earlier", "1/5", "", "", ""],
    ]


@pytest.mark.parametrize(("value", "verdict"), [(0.25, "aim"), (0.5, "must"), (0.51, "missed")])
def test_a_value_equal_to_a_limit_reaches_it(value, verdict):
    assert Row("memory", "", value, 1 / 2, 1 / 4).cells()[-1] == verdict


def test_a_value_just_beyond_a_limit_is_not_shown_as_equal_to_it():
    assert Row("CPU", "", 1 / 11.86, 1 / 8, 1 / 12).cells()[1:] == ["1/11.9", "≤ 1/8", "≤ 1/12", "must"]


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


def test_a_section_says_what_was_compared_and_what_was_missed():
    reports = {
        ("usual", "export", "ours"): report(),
        ("usual", "export", "nnU-Net"): report(cpu_s=60.0),
    }
    text = section(reports, ["a machine"], "abc1234")
    assert text.startswith("## Prediction and preparation\n\n- a machine\n\n| what | ours | must | aim | verdict |")
    assert "Missed: export, usual: memory of nnU-Net (1/1)." in text
    assert "1,000 voxels were compared,\n10 of them foreground" in text
    assert "revision abc1234 of this project" in text
    assert "| usual | export | nnU-Net | 1 | 60.00 |  | 100 | 110 | 1 |" in text
