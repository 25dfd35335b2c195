from pathlib import Path

import pytest

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.training_guards import LossGuard, checkpoint_written_whole

torch = pytest.importorskip("torch")

LOST = [float("nan"), float("inf"), float("-inf")]


@pytest.mark.parametrize("loss", LOST)
def test_without_a_scaler_the_first_loss_that_is_not_finite_ends_it(loss):
    guard = LossGuard()
    guard.check(1.0, 0, 3, scaled=False)
    with pytest.raises(MethodError, match=rf"The loss became {loss} in epoch 2 of 3\. The last checkpoint is intact"):
        guard.check(loss, 1, 3, scaled=False)


@pytest.mark.parametrize("loss", LOST)
def test_a_scaler_overcomes_a_hundred_in_a_row(loss):
    guard = LossGuard()
    for each in (*[loss] * 100, 1.0, *[loss] * 100):
        guard.check(each, 0, 3, scaled=True)
    with pytest.raises(MethodError, match=f"The loss became {loss} in epoch 1 of 3"):
        guard.check(loss, 0, 3, scaled=True)


@pytest.fixture
def network():
    return torch.nn.Sequential(torch.nn.Conv3d(1, 2, 1), torch.nn.BatchNorm3d(2))


@pytest.fixture
def before(tmp_path) -> dict[Path, str]:
    """A checkpoint of two files."""
    files = {tmp_path / "latest": "weights before", tmp_path / "latest.pkl": "plans before"}
    for path, text in files.items():
        path.write_text(text)
    return files


def content(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in folder.iterdir()}


def write(temporary: str, failure: BaseException | None = None) -> None:
    Path(temporary + ".pkl").write_text("plans")
    Path(temporary).write_text("weights")
    if failure is not None:
        raise failure


def test_every_file_is_replaced(tmp_path, before, network):
    with checkpoint_written_whole(str(tmp_path / "latest"), network, (".pkl", "")) as temporary:
        write(temporary)
        assert content(tmp_path).items() >= before.items()
    assert content(tmp_path) == {tmp_path / "latest": "weights", tmp_path / "latest.pkl": "plans"}


@pytest.mark.parametrize("failure", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_files_before_and_no_other(tmp_path, before, network, failure):
    with (
        pytest.raises(type(failure)),
        checkpoint_written_whole(str(tmp_path / "latest"), network, (".pkl", "")) as temporary,
    ):
        write(temporary, failure)
    assert content(tmp_path) == before


def test_a_failure_before_the_first_byte(tmp_path, network):
    with pytest.raises(ZeroDivisionError), checkpoint_written_whole(str(tmp_path / "latest"), network):
        raise ZeroDivisionError
    assert content(tmp_path) == {}


@pytest.mark.parametrize("lost", ["0.weight", "1.running_var"])
@pytest.mark.parametrize("value", LOST)
def test_weights_that_are_lost_replace_nothing(tmp_path, before, network, lost, value):
    network.state_dict()[lost].view(-1)[1] = value
    with (
        pytest.raises(MethodError, match="weights stopped being finite numbers"),
        checkpoint_written_whole(str(tmp_path / "latest"), network, (".pkl", "")) as temporary,
    ):
        write(temporary)
    assert content(tmp_path) == before
