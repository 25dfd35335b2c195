"""Lays a diagnosis out as plain text that can be pasted anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mswal_bench.baselines.worker_memory import gb
from mswal_bench.benchmark.core.counted import counted
from mswal_bench.benchmark.tables.escaping import plain_text

from .diagnosis import Diagnosis
from .installed_packages import PACKAGE, InstalledPackage
from .machine import Machine

_UNKNOWN = "not known"


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """Writes the diagnosis, a label and what is found in each line; packages stand indented below what needs them."""
    lines = [*_about(diagnosis), *_machine(diagnosis.machine), *_packages(diagnosis)]
    width = max(len(label) for label, _ in lines if not label.startswith(" ")) + 2
    return "\n".join(plain_text(f"{label:{width}}{text}".rstrip()) for label, text in lines)


def _about(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    commit = f", commit {diagnosis.commit[:12]}" if diagnosis.commit else ""
    changed = " with changes" if diagnosis.commit_is_changed else ""
    yield PACKAGE, f"{diagnosis.version}, {diagnosis.installed_as} installation{commit}{changed}"
    yield "Python", diagnosis.python


def _machine(machine: Machine) -> Iterator[tuple[str, str]]:
    yield "system", machine.system
    of = "" if machine.cores is None else f" of {machine.cores}"
    yield "processor", f"{machine.processor or _UNKNOWN}; {machine.cores_allowed}{of} cores may be used"
    limit = ", as the control group of this container or job allows" if machine.memory_is_limited else ""
    yield "memory", f"{_bytes(machine.memory_bytes)} in all, {_bytes(machine.memory_free_bytes)} free{limit}"
    yield (
        "disk",
        f"{_bytes(machine.disk_free_bytes)} free here, {_bytes(machine.temporary_free_bytes)} for temporary files",
    )
    memories = [f" ({_bytes(gpu.memory_bytes)})" if gpu.memory_bytes else "" for gpu in machine.gpus]
    gpus = ", ".join(f"{gpu.name}{memory}" for gpu, memory in zip(machine.gpus, memories, strict=True))
    yield "GPUs", f"{gpus}; driver {machine.gpu_driver or _UNKNOWN}" if gpus else "none found"
    yield "SLURM", machine.slurm or "no sinfo found"
    told = [f"{name}={value}" if value is not None else f"{name} is set" for name, value in machine.environment.items()]
    yield "environment", ", ".join(told) or "no variable that changes what commands do"


def _packages(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    faults = diagnosis.core_faults
    yield (
        "core",
        counted(len(faults), "fault") if faults else "works: a test case was scored, and the numbers are right",
    )
    yield from (("", f"fault: {fault}") for fault in faults)
    yield from _versions(diagnosis.core)
    for extra in diagnosis.extras:
        lacks = [each.name for each in extra.packages if each.state in ("missing", "unfit")]
        state = f"lacks {', '.join(lacks)}" if lacks else "is there"
        yield f"extra {extra.name}", f"{state} ({extra.purpose})"
        if extra.install:
            yield "", f"to install it: {extra.install}"
        yield from _versions(extra.packages)
    if diagnosis.torch is not None:
        torch = diagnosis.torch
        built = f"built for CUDA {torch.cuda}" if torch.cuda else "built for CPUs alone"
        computes = f"computes on {', '.join(torch.gpus)}" if torch.gpus else "sees no GPU"
        yield "torch", "; ".join(torch.faults) if torch.faults else f"{torch.version}, {built}, {computes}"
    yield "methods", ", ".join(diagnosis.methods)
    yield "plug-ins", ", ".join(diagnosis.plug_ins) or "none"
    if diagnosis.refused_plug_ins:
        yield "", f"refused: {', '.join(diagnosis.refused_plug_ins)}; `mswal-bench methods` says why"


def _versions(packages: Sequence[InstalledPackage]) -> Iterator[tuple[str, str]]:
    name = max(len(each.name) for each in packages)
    version = max(len(each.version or "-") for each in packages)
    for each in packages:
        yield "  ", f"{each.name:{name}}  {each.version or '-':{version}}  {each.words}"


def _bytes(amount: int | None) -> str:
    return _UNKNOWN if amount is None else gb(amount)
