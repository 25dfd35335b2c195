"""Inception nnU-Net: prediction folded beside unfolded, training beside nnU-Net's residual encoder.

    python -m mswal_bench.tests.speed.inception [--out docs/benchmarks.md] [--device cuda --patch 128 128 128]
        [--since REVISION]

Trains beside the network of an earlier revision of this project too, if one is named. Prints a section for
`docs/benchmarks.md`, or writes it there.
"""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet
from torch import Tensor, nn

from mswal_bench.baselines.inception_nnunet import METHOD
from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.networks.fold_inception import folded
from mswal_bench.baselines.networks.inception_unet import InceptionUNet
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.tests.baselines.networks.inception_arguments import RELEASED, RESENC_L

from .earlier import CHECKOUT, earlier_revision
from .machine import describe_machine
from .page import replace_section, table

_PROGRAM = "python -m mswal_bench.tests.speed.inception"
_HEADINGS = {"cpu": "## Inception nnU-Net", "cuda": "## Inception nnU-Net on a GPU"}
_SIZES = ("demo", "ResEnc-L")
_PUBLISHED = {"norm_op": nn.BatchNorm3d, "nonlin": nn.ReLU}
_DEMO: Any = METHOD.recipes[Budget.DEMO].plan
_PATCH = (64, 64, 64)
_EARLIER = "mswal_earlier_networks"
_QUICK = 5
"""So many times as often as a training step of ResEnc-L, all else has a turn."""
_LARGEST_DIFFERENCE = 1e-4
"""Between folded and unfolded, in units of the logits' spread."""
_METHOD = """\
The networks are those of the demo's recipe, and those with the arguments that nnU-Net's ResEnc-L planner sets for six
stages. The networks of a table took turns, so that other load on the machine slowed all of them alike; each had a first
turn that was not counted. {clock}. The lowest
and the highest are in brackets.

- *folded*: the network as it predicts. Every batch normalisation is merged into its convolution, and the right branch
  of Mini Inception and its input into one 1 x 1 x 1 convolution (`baselines/networks/fold_inception.py`). Both forms
  gave the same logits within {difference:g} of their standard deviation.
- *training*: forward pass, cross-entropy of all deep supervision outputs, backward pass, clipping and a step of SGD
  with Nesterov momentum, without loading patches. Inception nnU-Net has batch normalisation and ReLU; its `released`
  variant and ResEnc-L have instance normalisation and LeakyReLU. At the demo's size all have the recipe's batch
  normalisation. On a CPU a training step of Inception computes its 1 x 1 x 1 convolutions as products of matrices
  (`baselines/networks/pointwise.py`), the same function up to rounding; nnU-Net's networks are as nnU-Net has them. A
  network at a commit is that of this project then."""


@dataclass(frozen=True)
class Machine:
    """Where it is measured, and how."""

    device: torch.device
    turns: int

    def clock(self) -> float:
        """Seconds: of CPU time on a CPU, which others on the machine hardly change; of wall time on a GPU."""
        if self.device.type == "cpu":
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()

    def precision(self) -> AbstractContextManager[object]:
        """Mixed on a GPU, as nnU-Net has it."""
        return torch.autocast(self.device.type, enabled=self.device.type == "cuda")

    def in_turns(self, calls: Mapping[str, Callable[[], object]], *, quick: bool) -> dict[str, list[float]]:
        """Seconds of every call of each; quick ones are called more often."""
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for turn in range(self.turns * (_QUICK if quick else 1) + 1):
            for name, call in calls.items():
                start = self.clock()
                call()
                took = self.clock() - start
                if turn:
                    seconds[name].append(took)
                print(f"{time.strftime('%H:%M:%S')} {name}: {took:.3f} s", file=sys.stderr, flush=True)
        return seconds


def main() -> None:
    arguments = _arguments()
    # First of all: its load is that of others.
    lines = [f"`{shlex.join([*_PROGRAM.split(), *sys.argv[1:]])}`", *describe_machine()]
    torch.manual_seed(0)
    torch.set_num_threads(1)
    machine = Machine(torch.device(arguments.device), arguments.turns)
    sizes = _SIZES if arguments.only is None else (arguments.only,)
    earlier = None if arguments.since is None else _earlier_network(arguments.since, arguments.cache)
    if arguments.device == "cuda":
        lines.append(torch.cuda.get_device_name())
        clock = "Seconds are medians of wall time in mixed precision"
    else:
        # Little, not nothing: cores share caches and memory.
        clock = "Seconds are medians of CPU time on one thread, which other load changes less than wall time"
    text = "\n\n".join(
        (
            _HEADINGS[arguments.device],
            "\n".join(f"- {line}" for line in lines),
            _METHOD.format(clock=clock, difference=_LARGEST_DIFFERENCE),
            "### Prediction, one patch",
            _prediction_table(machine, sizes, arguments.patch),
            "### Training",
            _training_table(machine, sizes, arguments.patch, earlier),
        )
    )
    if arguments.out is None:
        print(text)
        return
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text + "\n"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="a page, whose section is replaced  [default: print]")
    parser.add_argument("--device", choices=list(_HEADINGS), default="cpu")
    parser.add_argument(
        "--patch", type=int, nargs=3, help=f"in voxels  [default: the demo's, {_sides(_PATCH)} of ResEnc-L]"
    )
    parser.add_argument(
        "--turns", type=int, default=3, help=f"of a training step of ResEnc-L; others have {_QUICK} times as many"
    )
    parser.add_argument("--since", metavar="REVISION", help="train beside the network of this revision as well")
    parser.add_argument("--cache", type=Path, default=CHECKOUT / "build" / "speed", help="where it is checked out")
    parser.add_argument("--only", choices=_SIZES, help="just this size of network")
    return parser.parse_args()


def _prediction_table(machine: Machine, sizes: Sequence[str], patch: Sequence[int] | None) -> str:
    rows = []
    for size in sizes:
        options, own = (_demo_arguments(), _DEMO.window) if size == "demo" else (RESENC_L, _PATCH)
        sides = patch or own or _PATCH
        network = InceptionUNet(**{**options, **_PUBLISHED}).to(machine.device)
        x = torch.randn(1, 1, *sides, device=machine.device)
        # So that the statistics are those of something.
        with torch.no_grad():
            network(torch.cat((x, torch.randn_like(x))))
        forms = {"unfolded": network.eval(), "folded": folded(network)}
        _agree(forms, x)
        with torch.inference_mode(), machine.precision():
            seconds = machine.in_turns({form: _call(each, x) for form, each in forms.items()}, quick=True)
        ratio = median(seconds["unfolded"]) / median(seconds["folded"])
        for form, each in forms.items():
            last = f"{ratio:.2f}x" if form == "folded" else ""
            rows.append([size, _sides(sides), form, _millions(each), _spread(seconds[form]), last])
    return table(("size", "patch", "Inception nnU-Net", "parameters", "seconds", "faster"), rows)


def _call(network: nn.Module, x: Tensor) -> Callable[[], object]:
    return lambda: network(x)


@torch.inference_mode()
def _agree(forms: Mapping[str, nn.Module], x: Tensor) -> None:
    unfolded, other = (each(x) for each in forms.values())
    difference = ((unfolded - other).abs().max() / unfolded.std()).item()
    if not difference < _LARGEST_DIFFERENCE:
        sys.exit(f"bench: folded and unfolded differ by {difference:.1e} of the logits' spread")


def _earlier_network(revision: str, cache: Path) -> tuple[str, Any]:
    """What its row is called, and the class. Its package imports nothing of ours and so goes by another name here."""
    with earlier_revision(revision, cache) as (_, earlier):
        folder = earlier / "mswal_bench" / "baselines" / "networks"
        spec = importlib.util.spec_from_file_location(
            _EARLIER, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[_EARLIER] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[_EARLIER])
        return f"Inception at {revision}", importlib.import_module(f"{_EARLIER}.inception_unet").InceptionUNet


def _training_table(
    machine: Machine, sizes: Sequence[str], patch: Sequence[int] | None, earlier: tuple[str, Any] | None
) -> str:
    demo = _demo_arguments()
    kinds: Mapping[str, Mapping[str, tuple[type[nn.Module], dict[str, Any]]]] = {
        "demo": {
            "ResEnc": (ResidualEncoderUNet, demo),
            "Inception": (InceptionUNet, {**demo, **_PUBLISHED}),
        },
        "ResEnc-L": {
            "ResEnc": (ResidualEncoderUNet, RESENC_L),
            "Inception": (InceptionUNet, {**RESENC_L, **_PUBLISHED}),
            "Inception, released": (InceptionUNet, {**RESENC_L, **RELEASED}),
        },
    }
    if earlier is not None:
        name, kind = earlier
        kinds = {size: {**each, name: (kind, each["Inception"][1])} for size, each in kinds.items()}
    rows = []
    for size in sizes:
        own, batch = (_DEMO.patch, _DEMO.batch_size) if size == "demo" else (_PATCH, 2)
        sides = patch or own or _PATCH
        networks = {name: kind(**options, deep_supervision=True) for name, (kind, options) in kinds[size].items()}
        seconds = machine.in_turns(
            {name: _training_step(network, (batch, 1, *sides), machine) for name, network in networks.items()},
            quick=size == "demo",
        )
        for name, network in networks.items():
            middle = median(seconds[name])
            cells = [size, f"{batch} x {_sides(sides)}", name, _millions(network), _spread(seconds[name])]
            rows.append([*cells, f"{1 / middle:.3g}", f"{middle / median(seconds['ResEnc']):.2f}x"])
    return table(("size", "batch", "network", "parameters", "seconds", "iterations/s", "of ResEnc's seconds"), rows)


def _training_step(network: Any, shape: Sequence[int], machine: Machine) -> Callable[[], object]:
    network.apply(network.initialize)
    network = network.to(machine.device).train()
    if machine.device.type == "cpu":
        # As the benchmark's trainer does.
        network = network.to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.SGD(network.parameters(), 1e-3, momentum=0.99, nesterov=True, weight_decay=3e-5)
    scaler = torch.amp.GradScaler(machine.device.type, enabled=machine.device.type == "cuda")
    x = torch.randn(*shape, device=machine.device)
    with torch.no_grad():
        targets = [torch.randint(0, 8, (shape[0], *each.shape[2:]), device=machine.device) for each in network(x)]

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with machine.precision():
            outputs = network(x)
            losses = [nn.functional.cross_entropy(*each) for each in zip(outputs, targets, strict=True)]
        loss: Any = scaler.scale(torch.stack(losses).mean())
        loss.backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(network.parameters(), 12)
        scaler.step(optimizer)
        scaler.update()

    return step


def _demo_arguments() -> dict[str, Any]:
    """The network of the demo's recipe, as arguments of either class."""
    return {**RESENC_L, **_DEMO.arguments, "norm_op": nn.BatchNorm3d}


def _sides(sides: Sequence[int]) -> str:
    return " x ".join(map(str, sides))


def _millions(network: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in network.parameters()) / 1e6:.3g} M"


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f})"


if __name__ == "__main__":
    main()
