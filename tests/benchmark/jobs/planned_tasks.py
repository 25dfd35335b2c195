"""A plan of one method with two folds and three shards."""

from pathlib import Path

from mswal_bench.benchmark.jobs.tasks import Kind, Task, TaskArray, TaskPlan

COMMAND = ("--version",)
FOLDS = ("m: train fold 0", "m: train fold 1")
SHARDS = tuple(f"m: predict shard {number} of 3" for number in (1, 2, 3))


def small_plan(folder: Path) -> TaskPlan:
    check = Task("m", "check", COMMAND)
    prepare = Task("m", "prepare", COMMAND, needs=(check.key,))
    folds = [Task("m", key[3:], COMMAND, needs=(check.key,), after=(prepare.key,)) for key in FOLDS]
    shards = [Task("m", key[3:], COMMAND, needs=FOLDS) for key in SHARDS]
    score = Task("m", "score", COMMAND, needs=(*FOLDS, *SHARDS))
    table = Task("table", "fold-all", COMMAND, after=(score.key,))
    return TaskPlan(
        folder,
        (
            TaskArray("check", Kind.CHECK, (check,)),
            TaskArray("prepare", Kind.PREPARE, (prepare,)),
            TaskArray("train", Kind.TRAIN, tuple(folds)),
            TaskArray("predict-m", Kind.PREDICT, tuple(shards)),
            TaskArray("score-m", Kind.SCORE, (score,)),
            TaskArray("table", Kind.TABLE, (table,)),
        ),
    )


JOBS = {
    "m: check": ("1", None),
    "m: prepare": ("2", None),
    **{key: ("3", index) for index, key in enumerate(FOLDS)},
    **{key: ("4", index) for index, key in enumerate(SHARDS)},
    "m: score": ("5", None),
    "table: fold-all": ("6", None),
}
"""By the key of a task the number and the index that a cluster gives it that is new."""
