"""Tells what makes two calls the same run: the method and what it sets, the data, the seed, the first weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from mswal_bench.baselines.method import Budget, Method
from mswal_bench.baselines.registry import plug_in_of
from mswal_bench.benchmark.data.dataset import Dataset

from .pretrained import Pretrained
from .run_record import RunIdentity


def run_identity(
    method: Method,
    dataset: Dataset,
    budget: Budget,
    seed: int,
    start: Pretrained | None,
    begun: RunIdentity | None = None,
) -> RunIdentity:
    """The identity of a run of `method` on a data set. `begun` is that of the folder's run, if it was begun before.

    Of a plug-in the version belongs to it: what its code does is known by nothing else. This package's own version
    does not, for whatever changes a result here is among the settings.
    """
    plug_in = plug_in_of(method)
    return RunIdentity(
        method=method.name,
        package=None if plug_in is None else plug_in.package,
        package_version=None if plug_in is None else plug_in.version,
        budget=budget,
        seed=seed,
        dataset=dataset.name,
        split_digest=dataset.split.digest,
        files_digest=_files_digest(dataset),
        settings_digest=settings_digest(method, budget, begun),
        start=None if start is None else start.digest,
    )


def settings_digest(method: Method, budget: Budget, begun: RunIdentity | None = None) -> str:
    """Over what a method sets under a budget. `begun` is as of `run_identity`.

    A network counts by the name of its class: where its module lies is no part of a recipe.
    """
    settings = method.settings(budget)
    path = settings.get("network_class")
    named = {"network_class": path.rpartition(".")[2]} if isinstance(path, str) else {}
    if begun is not None:
        for older in _as_earlier_versions_had_them(settings, named):
            if begun.settings_digest == _digest(json.dumps(older, sort_keys=True)):
                return begun.settings_digest
    return _digest(json.dumps({**settings, **named}, sort_keys=True))


def _as_earlier_versions_had_them(
    settings: Mapping[str, object], named: Mapping[str, object]
) -> Iterator[Mapping[str, object]]:
    """The settings of runs that earlier versions began, and that go on."""
    # Up to version 0.1.0 the module counted as well. Such a run goes on while it lies where it lay then.
    yield settings
    # Nothing re-estimated statistics. Such a run now does, of folds that were not trained to their end before, and its
    # record says of each fold what it predicted with.
    before = {key: value for key, value in settings.items() if key != "statistics_batches"}
    yield before
    yield {**before, **named}


def _files_digest(dataset: Dataset) -> str:
    """Test labels are left out: they may come later, and nothing that is kept depends on them."""
    files = [path for case in dataset.train.values() for path in (case.image, case.label) if path is not None]
    files += [case.image for case in dataset.test.values()]
    return _digest("".join(f"{path.relative_to(dataset.root)} {path.stat().st_size}\n" for path in files))


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
