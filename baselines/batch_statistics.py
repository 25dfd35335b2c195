"""Re-estimates the statistics of batch normalisations when a training is over. Imports torch on use.

Training keeps the mean and the variance of what each batch normalisation gets as running averages, in which the last
few dozen batches count nearly all. Of small batches that is few patches, and the weights still changed meanwhile. Here
every one of many batches counts the same, and all go through the network as it is in the end: "precise BN" of Wu and
Johnson, Rethinking "Batch" in BatchNorm (2021, arXiv 2105.07576), section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

_KEY = "batch_norm"
_MEAN, _VARIANCE = "running_mean", "running_var"


def has_running_statistics(state: Iterable[str]) -> bool:
    """Whether a network, of which these are the names in its state, normalises by statistics that training kept."""
    return any(name.rpartition(".")[2] == _VARIANCE for name in state)


def running_statistics(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the statistics of all batch normalisations, by all their names in the network's state, for parts of a
    network may be shared; empty without."""
    norms = {id(norm) for norm in _norms(network).values()}
    return {
        f"{name}.{each}": getattr(module, each).clone()
        for name, module in network.named_modules(remove_duplicate=False)
        if id(module) in norms
        for each in (_MEAN, _VARIANCE)
    }


def re_estimate(network: nn.Module, forward: Callable[[Any], object], batches: Iterable[Any]) -> None:
    """Sets the statistics of all batch normalisations of `network` to those over `batches`, at least one.

    `forward` puts a batch through the network; each normalises it by its own mean and variance, as in training, and no
    gradient is computed. With the mean m and variance v of each batch, all means below being over batches, the mean is
    that of m and the variance that of m² + v less the square of the mean; v is the unbiased one. Weights stay, and so
    do the mode of the network and its counts of batches. ValueError without a batch.
    """
    import torch

    norms = _norms(network)
    means = {name: torch.zeros_like(norm.running_mean, dtype=torch.float64) for name, norm in norms.items()}
    squares = {name: torch.zeros_like(mean) for name, mean in means.items()}
    count = 0
    with _keeping_last_batch(network, norms), torch.no_grad():
        for batch in batches:
            forward(batch)
            count += 1
            for name, norm in norms.items():
                mean = norm.running_mean.double()
                means[name] += mean
                squares[name] += mean**2 + norm.running_var.double()
        if not count:
            raise ValueError("statistics of no batch")
        for name, norm in norms.items():
            mean = means[name] / count
            norm.running_mean.copy_(mean)
            norm.running_var.copy_((squares[name] / count - mean**2).clamp(min=0))


@contextmanager
def saved_along(batches: int, running: Mapping[str, Tensor]) -> Iterator[None]:
    """While inside, a checkpoint that is saved also holds over how many batches the statistics among its weights were
    re-estimated, and those that training had left. Neither nnU-Net has a way to add to its checkpoints."""
    import torch

    save = torch.save

    def save_more(content: Mapping[str, Any], *arguments: Any, **options: Any) -> None:
        save({**content, _KEY: {"batches": batches, "running": dict(running)}}, *arguments, **options)

    torch.save = save_more  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.save = save


def batches_of(checkpoint: Mapping[str, Any], weights: str) -> int | None:
    """Over how many batches the statistics in a final checkpoint were re-estimated; 0: they are those that training
    left; None: there are none. `weights` is the checkpoint's entry of the network's state."""
    if not has_running_statistics(checkpoint[weights]):
        return None
    return int(checkpoint[_KEY]["batches"]) if _KEY in checkpoint else 0


def _norms(network: nn.Module) -> dict[str, Any]:
    from torch.nn.modules.batchnorm import _BatchNorm

    return {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, _BatchNorm) and module.running_mean is not None
    }


@contextmanager
def _keeping_last_batch(network: nn.Module, norms: Mapping[str, Any]) -> Iterator[None]:
    """While inside, the network is in training mode, and its running statistics are those of the batch before."""
    modes = {module: module.training for module in network.modules()}
    before = {name: (norm.momentum, norm.num_batches_tracked.clone()) for name, norm in norms.items()}
    network.train()
    for norm in norms.values():
        norm.momentum = 1.0
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for name, norm in norms.items():
            norm.momentum, count = before[name]
            norm.num_batches_tracked.copy_(count)
