"""Reading a checkpoint runs nothing that it names."""

import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.serialization import get_safe_globals, safe_globals

from mswal_bench.baselines.checkpoint_reading import read_checkpoint, safe_reading
from mswal_bench.baselines.method import MethodError

FORCED_UNSAFE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
ONLY = "a checkpoint may hold only tensors, plain values and numbers of NumPy"


class Calls:
    """What is called when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def of_a_training(**more: Any) -> dict[str, Any]:
    """All kinds of content that nnU-Net's checkpoints have."""
    return {
        "network_weights": {"0.weight": torch.arange(8.0), "0.bias": torch.zeros(2, dtype=torch.float16)},
        "optimizer_state": {"state": {0: {"momentum_buffer": None}}, "param_groups": [{"lr": 0.01, "params": [0]}]},
        "logging": {"train_losses": [np.float32(0.5)], "mean_fg_dice": [np.float64(0.25)], "lrs": [0.01]},
        "_best_ema": np.float64(0.75),
        "current_epoch": 7,
        "init_args": {"plans": {"plans_name": "benchPlans"}, "fold": 0, "device": torch.device("cpu")},
        "inference_allowed_mirroring_axes": (0, 1, 2),
        **more,
    }


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "checkpoint.pth"


@pytest.fixture
def touched(tmp_path) -> Path:
    """What the checkpoints below would make."""
    return tmp_path / "touched"


@pytest.mark.parametrize("mapped", [False, True])
def test_what_a_training_writes_comes_back(path, mapped):
    torch.save(of_a_training(), path)
    content = read_checkpoint(path, "network_weights", "current_epoch", mapped=mapped)
    weights = content.pop("network_weights")
    assert torch.equal(weights["0.weight"], torch.arange(8.0))
    assert weights["0.bias"].dtype == torch.float16
    expected = of_a_training()
    del expected["network_weights"]
    assert content == expected
    assert type(content["logging"]["train_losses"][0]) is np.float32
    assert type(content["_best_ema"]) is np.float64


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("forced", [None, "1"])
def test_nothing_that_it_names_is_run(path, touched, monkeypatch, mapped, forced):
    if forced is not None:
        monkeypatch.setenv(FORCED_UNSAFE, forced)
    torch.save(of_a_training(more=Calls(os.system, f"touch {touched}")), path)
    with pytest.raises(MethodError) as caught:
        read_checkpoint(path, "network_weights", mapped=mapped)
    assert not touched.exists()
    assert str(caught.value) == (
        f"{path} was not read: it names {os.name}.system, and {ONLY}, for anything else could run code. Nothing of it "
        "was run. Put back the file that the training wrote, or train again."
    )
    # It would have.
    torch.load(path, weights_only=False)
    assert touched.exists()


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda file: Calls(eval, f"open({str(file)!r}, 'w')"), r"builtins\.eval|__builtin__\.eval"),
        (lambda file: Calls(Path.touch, file), r"getattr"),
        (lambda file: Calls(shutil.copyfile, __file__, str(file)), r"shutil\.copyfile"),
        (lambda file: Calls(np.fromfile, str(file)), r"numpy\.fromfile"),
        (lambda file: np.array([1.0]), r"numpy\._core\.multiarray\._reconstruct"),
        (lambda file: functools.partial(os.system, f"touch {file}"), r"functools\.partial"),
    ],
)
def test_the_refusal_names_what_is_too_much(path, touched, call, named):
    torch.save(of_a_training(more=call(touched)), path)
    with pytest.raises(MethodError, match=f"it names .*({named}).*{ONLY}"):
        read_checkpoint(path)
    assert not touched.exists()


def test_a_file_of_torchs_old_format_is_no_way_around(path, touched):
    torch.save(of_a_training(), path, _use_new_zipfile_serialization=False)
    assert read_checkpoint(path)["current_epoch"] == 7
    torch.save(of_a_training(more=Calls(os.system, f"touch {touched}")), path, _use_new_zipfile_serialization=False)
    with pytest.raises(MethodError, match="it is damaged, or holds more than tensors, plain values and numbers"):
        read_checkpoint(path)
    assert not touched.exists()


def test_a_name_cannot_steer_the_terminal(path):
    torch.save(of_a_training(more=Calls(os.system, "")), path)
    # Of the same length, so that the archive around it stays whole but for its checksum.
    path.write_bytes(path.read_bytes().replace(f"{os.name}\nsystem".encode(), f"{os.name}\n\x1b[31mx".encode()))
    with pytest.raises(MethodError) as caught:
        read_checkpoint(path)
    assert "\x1b" not in str(caught.value)
    assert r"\x1b[31mx" in str(caught.value)


def test_of_many_names_some_are_told(path):
    functions = [os.system, os.remove, os.rmdir, os.mkdir, os.rename]
    torch.save(of_a_training(more=[Calls(function, "") for function in functions]), path)
    with pytest.raises(MethodError, match=rf"it names {os.name}\.mkdir, .* and 2 more, and a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: b"no checkpoint", lambda data: data[: len(data) // 2]]
)
def test_a_damaged_file_is_told(path, mapped, damage):
    torch.save(of_a_training(), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(MethodError, match=r"checkpoint\.pth cannot be read as a checkpoint: it is damaged"):
        read_checkpoint(path, mapped=mapped)


@pytest.mark.parametrize("content", [{"state_dict": {}}, [1, 2], 3.0])
def test_something_else_is_told(path, content):
    torch.save(content, path)
    with pytest.raises(MethodError, match="is no checkpoint of such a training: it has no network_weights, epoch"):
        read_checkpoint(path, "network_weights", "epoch")


def test_a_file_that_is_not_there_is_no_damage(path):
    with pytest.raises(FileNotFoundError):
        read_checkpoint(path)


def test_full_memory_is_no_damage(path, monkeypatch):
    def fill(*_: Any, **__: Any) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(torch, "load", fill)
    with pytest.raises(RuntimeError, match="DefaultCPUAllocator"):
        read_checkpoint(path)


class OfAnotherPackage:
    pass


def test_the_process_allows_afterwards_what_it_did(path, monkeypatch):
    monkeypatch.setenv(FORCED_UNSAFE, "1")
    torch.save(of_a_training(), path)
    with safe_globals([OfAnotherPackage]):
        before, environment = set(get_safe_globals()), dict(os.environ)
        read_checkpoint(path)
        assert (set(get_safe_globals()), dict(os.environ)) == (before, environment)
        path.write_bytes(b"no checkpoint")
        with pytest.raises(MethodError):
            read_checkpoint(path)
        assert (set(get_safe_globals()), dict(os.environ)) == (before, environment)


def test_what_another_package_allows_is_refused(path):
    torch.save(of_a_training(more=OfAnotherPackage()), path)
    with safe_globals([OfAnotherPackage]), pytest.raises(MethodError, match="OfAnotherPackage"):
        read_checkpoint(path)


def test_inside_a_library_reads_safely_what_it_would_not(path, touched):
    torch.save(of_a_training(more=Calls(os.system, f"touch {touched}")), path)
    with pytest.raises(MethodError, match=f"it names {os.name}.system"), safe_reading(path):
        torch.load(path, weights_only=False)
    assert not touched.exists()
    torch.save(of_a_training(), path)
    with safe_reading(path):
        assert torch.load(path, weights_only=False)["current_epoch"] == 7


def test_another_error_inside_is_left_as_it_is(path):
    with pytest.raises(RuntimeError, match=r"^Error\(s\) in loading state_dict"), safe_reading(path):
        torch.nn.Linear(1, 1).load_state_dict({})
