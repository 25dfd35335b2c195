from mswal_bench.benchmark.jobs.tasks import EVALUATE, SCORE, TABLE, Task


def test_files_of_runs_are_named_as_tasks_are() -> None:
    assert Task("nnunet-v2", "train fold 2", ()).file_name == "nnunet-v2--train-fold-2"
    assert Task("m", "predict shard 1/3", ()).file_name == "m--predict-shard-1-3"
    assert Task(TABLE, "fold-all", ()).file_name == "table--fold-all"


def test_no_two_names_of_users_give_one_file() -> None:
    names = ["my net", "my-net", "my/net", "my n\u00e9t", "n" * 250, "n" * 251]
    files = {Task(of, name, ()).file_name for of in (SCORE, EVALUATE) for name in names}
    assert len(files) == 2 * len(names)
    assert all(file.isascii() and "/" not in file and len(file) < 120 for file in files)
