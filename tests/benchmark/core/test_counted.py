import pytest

from mswal_bench.benchmark.core.counted import counted


@pytest.mark.parametrize(("count", "text"), [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks")])
def test_one_alone_is_singular(count: int, text: str) -> None:
    assert counted(count, "task") == text
