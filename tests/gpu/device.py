"""Describes the device that is checked, in lines for the page."""

from __future__ import annotations

from contextlib import suppress


def describe_device(device: str) -> list[str]:
    """Name, memory, driver, torch, CUDA; raises RuntimeError where torch sees no GPU."""
    import torch

    if device == "cpu":
        return [f"no GPU: the CPU in its place, {torch.get_num_threads()} threads; torch {torch.__version__}"]
    if not torch.cuda.is_available():
        built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPUs only"
        raise RuntimeError(f"torch {torch.__version__}, built for {built}, sees no GPU")
    about = torch.cuda.get_device_properties(0)
    return [
        f"{about.name}, {about.total_memory / 2**30:.0f} GiB, compute capability {about.major}.{about.minor}; "
        f"driver {_driver()}",
        f"torch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}",
    ]


def _driver() -> str:
    # Where nvidia-ml-py is missing or cannot ask, the page says so.
    with suppress(Exception):
        import pynvml

        pynvml.nvmlInit()
        try:
            return str(pynvml.nvmlSystemGetDriverVersion())
        finally:
            pynvml.nvmlShutdown()
    return "unknown"
