from mswal_bench.benchmark.figures.explorer.worst_cases import worst_cases
from mswal_bench.metrics import ClassCounts


def counted(intersection: int, fp: int = 0, fn: int = 0) -> ClassCounts:
    """A class with a DSC of so many percent."""
    return ClassCounts(100, 100, intersection, 1, fp, fn)


NONE = ClassCounts(0, 0, 0, 0, 0, 0)


def test_the_lowest_dsc_comes_first_then_most_errors_then_the_id() -> None:
    counts = {
        "one": {
            "a": {"cyst": counted(50, fp=1)},
            "b": {"cyst": counted(50, fp=1, fn=2)},
            "c": {"cyst": counted(0)},
            "d": {"cyst": NONE},
            "e": {"cyst": counted(50, fn=1)},
        }
    }
    worst = worst_cases(counts, 10)
    assert [each.case for each in worst.of["one"]["cyst"]] == ["c", "b", "a", "e"]
    assert worst.most == 10
    assert worst.cases == ("a", "b", "c", "e")
    assert [each.case for each in worst_cases(counts, 2).of["one"]["cyst"]] == ["c", "b"]


def test_fewer_are_taken_of_each_where_the_pages_would_be_too_many() -> None:
    counts = {
        "one": {f"case{index}": {"cyst": counted(index), "stone": counted(9 - index)} for index in range(10)},
        "two": {f"case{index}": {"cyst": counted(index), "stone": counted(9 - index)} for index in range(10)},
    }
    worst = worst_cases(counts, 5, most_pages=4)
    assert worst.most == 2
    assert worst.cases == ("case0", "case1", "case8", "case9")
    assert worst_cases(counts, 5, most_pages=1).cases == ()
    assert worst_cases(counts, 0).cases == ()
