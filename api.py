"""Holds the names of `import mswal_bench as mb`, and of its functions those that score, rank, validate and record.

Those in which a method works, `ceiling`, `run` and `predict`, are in `api_methods.py`. All take what a user has at hand
and call what the commands call. Paths are `str` or `Path`. What a user can mend is a `BenchError`, with every problem
in one go. Nothing is printed but progress, on stderr and where it is asked for. Every result prints as the command's
table, is a table in a notebook, and gives a pandas frame by `to_frame()`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, overload

from numpy.typing import ArrayLike

from .api_methods import ceiling, predict, run
from .baselines.processes import script_left_alone
from .benchmark.board.ranking.rank_methods import PERMUTATIONS, RESAMPLES
from .benchmark.board.ranking.rank_source import Draws, rank_folder, rank_scores
from .benchmark.board.ranking.ranking import Ranking, Rankings
from .benchmark.ceilings.ceilings import Ceilings
from .benchmark.core.call_values import check_numbers, one_of, path_or_none, paths_of
from .benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from .benchmark.data.dataset import Dataset, open_dataset
from .benchmark.data.scoring_protocol import MSWAL_1, protocol_of, protocol_of_labels
from .benchmark.prediction.predictions import Predictions
from .benchmark.records.evaluate_submission import evaluate as evaluate_submission
from .benchmark.records.evaluation_target import EvaluationTarget, open_for_track
from .benchmark.records.organiser_key import read_public_key, read_signing_key
from .benchmark.records.release_policy import read_policy
from .benchmark.records.result_record import ResultRecord, Status
from .benchmark.runs.run_record import RunRecord
from .benchmark.runs.score_methods import score_methods
from .benchmark.runs.tracks import Track, labels_of
from .benchmark.scoring.labelled_arrays import CaseResult, score_arrays
from .benchmark.scoring.saved_scores import load_scores as read_scores
from .benchmark.scoring.scores import Scores
from .benchmark.submissions.manifest_file import read_manifest
from .benchmark.submissions.validate import validate as validate_submission
from .benchmark.submissions.validation import Validation

__all__ = [
    "BenchError",
    "CaseResult",
    "Ceilings",
    "Dataset",
    "Predictions",
    "Ranking",
    "Rankings",
    "ResultRecord",
    "RunRecord",
    "Scores",
    "Validation",
    "ceiling",
    "evaluate",
    "load_dataset",
    "load_scores",
    "predict",
    "rank",
    "run",
    "score_case",
    "score_folders",
    "validate",
]


def load_dataset(folder: str | Path) -> Dataset:
    """Opens a data set in nnU-Net's raw layout, without reading a volume.

    `folder` holds `dataset.json`, `imagesTr`, `labelsTr`, `imagesTs`, and `labelsTs` where the test labels are at hand.
    A folder without `imagesTs` gives a data set without test cases. Raises BenchError with everything that is wrong:
    no such folder, a `dataset.json` that is none, cases without a label, labels without an image.

    >>> data = mb.load_dataset("raw")
    >>> data
    <Dataset MSWAL phantom: 5 training and 4 test cases in raw>
    >>> list(data.test)
    ['PHANTOM_0485', 'PHANTOM_0486', 'PHANTOM_0487', 'PHANTOM_0488']
    """
    return open_dataset(Path(folder))


def score_folders(
    predictions: str | Path | Sequence[str | Path],
    data: Dataset | str | Path | None = None,
    *,
    reference: str | Path | None = None,
    track: Literal["official-test", "public-cv"] | None = None,
    jobs: int | None = None,
    allow_missing: bool = False,
    details: bool = False,
    out: str | Path | None = None,
    progress: bool = False,
) -> Scores:
    """Scores folders of label maps against reference labels; each is a method that is named after its folder.

    `predictions` are folders of `CASE.nii.gz` (or another format that is read), work folders of runs, or of one of
    their goals. They are scored either against the labels of a data set, `data` (or its folder): those of its test
    cases, or with `track="public-cv"` of its training cases; or against `reference`, a folder of label maps of
    MSWAL's classes. With a file as the reference predictions are files of its case.

    `jobs` is the number of processes, by default one a core; the numbers do not depend on it. With `allow_missing` a
    case without a prediction counts as predicted empty. `details` adds what is never ranked on: NSD, HD95, precision,
    recall, F1 by size, volume error. The folder `out` keeps the score of every case, which is then not scored again.
    `progress` shows a bar on stderr.

    A file that cannot be scored is left out, as is one of several folders that is not complete: that is a warning,
    `scores.problems` has the reasons, and the table says that it is not comparable. A lesion that no case has gives
    NaN. Raises BenchError, with every problem, where nothing can be scored, and for a call that is wrong: no such
    folder, two folders of one name, a data set without labels.

    >>> scores = mb.score_folders(["runs/a", "runs/b"], "raw")
    >>> list(scores), scores["b"]["kidney_tumor"].f1
    (['a', 'b'], 0.5)
    >>> scores.to_frame().query("metric == 'f1' and lesion == 'average'").value.round(4).tolist()
    [1.0, 0.3819]
    >>> mb.score_folders("runs/a", reference="labels")["a"].average == scores["a"].average
    True
    """
    check_numbers(jobs=jobs)
    paths = paths_of(predictions)
    problems = []
    if not paths:
        problems.append(Problem("no folder of predictions is named"))
    if (data is None) == (reference is None):
        what = "predictions are scored against a data set or against a folder of label maps"
        problems.append(Problem(what, expected="`data` or `reference`", found="none" if data is None else "both"))
    elif track is not None and data is None:
        problems.append(Problem("a track is one of a data set", expected="`data`, not `reference`", found=track))
    raise_if_any(problems)
    labels, protocol = Path(reference or ""), MSWAL_1
    if data is not None:
        dataset = data if isinstance(data, Dataset) else load_dataset(data)
        labels = labels_of(dataset, Track(one_of("track", track or Track.OFFICIAL_TEST, Track)))
        protocol = protocol_of(dataset)
    with script_left_alone():
        scores = score_methods(
            paths,
            labels,
            jobs=jobs,
            allow_missing=allow_missing,
            details=details,
            out=path_or_none(out),
            progress=progress,
            protocol=protocol,
        )
    if scores.problems:
        warnings.warn("\n".join(map(str, scores.problems)), stacklevel=2)
    return scores


def score_case(
    reference: ArrayLike,
    prediction: ArrayLike,
    spacing_mm: Sequence[float],
    *,
    labels: Mapping[str, int] | None = None,
    details: bool = False,
) -> CaseResult:
    """Scores one case whose label maps are arrays, by the protocol's rules.

    `reference` and `prediction` are 3D arrays (z, y, x) of one shape, slices first, as SimpleITK's `GetArrayFromImage`
    gives them; of nibabel's (x, y, z) take the transpose, `array.T`, and the spacings in reverse. They hold MSWAL's
    labels, 0 for background to 7, or those of `labels` (`{"background": 0, "kidney": 1, ...}`, as in a `dataset.json`),
    in any integer dtype, bool, or floats that are whole numbers. `spacing_mm` is the distance of the voxels along each
    of the arrays' axes, in the same order. With `details` NSD and HD95 are measured too (`result.surfaces`), which
    takes several times as long.

    A lesion that neither array has gives counts of 0, and a DSC and F1 of NaN; so does an array without voxels. Raises
    BenchError with everything that is wrong: shapes that differ, arrays that are not 3D, values that are no labels, a
    spacing that is not three positive numbers.

    >>> reference = np.zeros((4, 8, 8), np.uint8)
    >>> reference[1:3, 2:6, 2:6] = 4
    >>> result = mb.score_case(reference, np.roll(reference, 1, axis=2), spacing_mm=(2.5, 0.7, 0.7))
    >>> result["kidney_tumor"].dsc, result["kidney_tumor"].f1
    (0.75, 1.0)
    >>> [(lesion.status, round(lesion.diameter_mm, 2)) for lesion in result.score.lesions]
    [('TP', 3.96), ('TP', 3.96)]
    """
    protocol = MSWAL_1 if labels is None else protocol_of_labels(labels, "labels")
    return score_arrays(reference, prediction, spacing_mm, protocol, details=details)


def load_scores(folder: str | Path) -> Scores:
    """Reads the scores back that `scores.save(folder)`, or `mswal-bench score --out`, wrote.

    Counts and ratios are the very numbers that were saved; lengths and places are to the micrometre, as in the files.
    Raises BenchError where `cases.csv`, `lesions.csv` or `scores.json` is not there, cannot be read, or contradicts
    another.

    >>> scores = mb.score_folders(["runs/a", "runs/b"], reference="labels")
    >>> scores.save("out")
    >>> mb.load_scores("out")["b"]["liver_tumor"] == scores["b"]["liver_tumor"]
    True
    """
    return read_scores(Path(folder))


@overload
def rank(
    source: Scores,
    by: str = ...,
    *,
    resamples: int = ...,
    permutations: int = ...,
    seed: int = ...,
    all_pairs: bool = ...,
    progress: bool = ...,
) -> Ranking: ...
@overload
def rank(
    source: str | Path,
    by: str = ...,
    *,
    track: str | None = ...,
    claimed: bool = ...,
    private: str | Path | None = ...,
    organiser: str | Path | None = ...,
    resamples: int = ...,
    permutations: int = ...,
    seed: int = ...,
    all_pairs: bool = ...,
    progress: bool = ...,
) -> Rankings: ...
def rank(
    source: Scores | str | Path,
    by: str = "mean-rank",
    *,
    track: str | None = None,
    claimed: bool = False,
    private: str | Path | None = None,
    organiser: str | Path | None = None,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    all_pairs: bool = False,
    progress: bool = False,
) -> Ranking | Rankings:
    """Puts methods in order, with intervals, tests and how often each rank is drawn.

    `source` is scores, which give one ranking; or a folder, which gives rankings: a results folder of records one for
    every track and whatever else does not compare, a folder that `score --out` wrote a single one.

    `by` is `mean-rank` (the benchmark's: the mean of the ranks by Avg. DSC and by Avg. F1), `dsc`, `f1`, `class:KEY`
    such as `class:gallstone`, `mean-then-rank` or `rank-then-mean`. `resamples` of the cases draw the intervals,
    `permutations` of a pair's results the tests; the same `seed` draws the same. Tested are neighbours and all pairs of
    the best 25, or with `all_pairs` all pairs, which is long for hundreds of methods; `progress` shows a bar on stderr
    meanwhile. Of a results folder `track` takes one track alone, `claimed` the claimed records in place of the verified
    ones, `private` is the folder with the rows of hidden tracks, and `organiser` the file of the public key by which
    signatures are checked, else the folder's own.

    Numbers are fractions, None where undefined; a method that has no such number has no rank. Raises BenchError for a
    way to rank that there is not, for methods that were not scored on the same cases, and for a folder that has nothing
    to rank.

    >>> scores = mb.score_folders(["runs/a", "runs/b"], "raw")
    >>> ranking = mb.rank(scores, by="mean-rank", seed=0)
    >>> [(method.rank, method.method) for method in ranking.methods], ranking["a"].dsc.value
    ([(1, 'a'), (2, 'b')], 1.0)
    >>> _ = mb.evaluate("mine.zip", reference="labels", results="results", verified=True, key="organiser")
    >>> [(each.track, each.methods[0].method) for each in mb.rank("results")]
    [('phantom', 'Mine')]
    """
    check_numbers(seed=seed, draws={"resamples": resamples, "permutations": permutations})
    drawn = Draws(resamples, permutations, seed, all_pairs, progress)
    if isinstance(source, Scores):
        named = (("track", track), ("claimed", claimed), ("private", private), ("organiser", organiser))
        given = [name for name, value in named if value]
        if given:
            raise BenchError(Problem("choose among the records of a results folder, not among scores", listed(given)))
        return rank_scores(source, by, drawn)
    key = None if organiser is None else read_public_key(Path(organiser))
    hidden_rows = path_or_none(private)
    return rank_folder(Path(source), by, drawn, track=track, claimed=claimed, private=hidden_rows, organiser=key)


def validate(
    submission: str | Path,
    manifest: str | Path,
    *,
    deep: bool = False,
    allow_missing: bool = False,
    progress: bool = False,
) -> Validation:
    """Looks for everything that is wrong with a submission, as the organiser does, and writes nothing.

    `submission` is a folder, a `.zip` or a `.tar.gz`; `manifest` the file of the track's cases. Without `deep` only
    the headers of the predictions are read, with it every voxel. With `allow_missing` a case without a prediction,
    which counts as empty, is noted only. `progress` shows a bar on stderr.

    What is wrong is in the result's `findings`, errors first, each with a code that does not change; `ok` says whether
    it can be scored. Only for a manifest that cannot be read BenchError is raised.

    >>> validation = mb.validate("mine.zip", "manifest.json", deep=True)
    >>> print(validation)
    valid: predictions of 4 of 4 cases. The headers and voxels were checked.
    >>> validation.ok, validation.findings
    (True, ())
    >>> mb.validate("nothing.zip", "manifest.json").to_frame()[["code", "severity"]].values.tolist()
    [['package-missing', 'error']]
    """
    expected = read_manifest(Path(manifest))
    return validate_submission(Path(submission), expected, deep=deep, allow_missing=allow_missing, progress=progress)


def evaluate(
    submission: str | Path,
    *,
    reference: str | Path,
    results: str | Path,
    manifest: str | Path | None = None,
    track: str | None = None,
    private: str | Path | None = None,
    team: str | None = None,
    policy: str | Path | None = None,
    verified: bool = False,
    key: str | Path | None = None,
    allow_missing: bool = False,
    jobs: int | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    progress: bool = False,
) -> ResultRecord:
    """Validates a submission deeply, scores it against the reference labels and adds its record to the results.

    `submission` is a folder, a `.zip` or a `.tar.gz`; `reference` the folder of label maps; `results` the folder that
    records are added to, made where it is not there. `manifest` is the file of the track's cases; without it one is
    made of the reference, for `track` or the track that the submission names. `verified` makes the organiser's own
    record, signed with his private key in the file `key`, which `mswal-bench results keygen` makes. With
    `allow_missing` a case without a prediction counts as empty. `jobs` is the number of processes, by default one a
    core; `resamples` and `seed` draw the intervals over cases. `progress` shows a bar on stderr.

    The rows of a hidden track, such as `official-test`, go to the folder `private`, with which `manifest` or `track`
    has to be given. `team` is whose submission it is, by default the form's address; `policy` is the file with the
    track's rules, for its first submission, if they are not the default.

    Gives the record as it is published. What was recorded before is recognised, and its record given; that the same
    predictions are recorded under another form is a warning. Interrupted, the same call goes on where it stopped.
    Raises BenchError with everything that is wrong with the submission, the reference or the folders.

    >>> record = mb.evaluate("mine.zip", reference="labels", results="results")
    >>> record.form.method, record.track, record.cases, record.status
    ('Mine', 'phantom', 4, 'claimed')
    >>> record.average.dsc.value
    1.0
    """
    check_numbers(jobs=jobs, seed=seed, draws={"resamples": resamples})
    folder, hidden_rows = Path(reference), path_or_none(private)
    begins_with = None if policy is None else read_policy(Path(policy))
    status: Status = "verified" if verified else "claimed"
    signing = None if key is None else read_signing_key(Path(key))
    opened = open_for_track(Path(submission), folder, path_or_none(manifest), track, private=hidden_rows is not None)
    with script_left_alone(), opened as (package, expected):
        outcome = evaluate_submission(
            package,
            EvaluationTarget(expected, folder, Path(results), hidden_rows, status, signing, team, begins_with),
            allow_missing=allow_missing,
            jobs=jobs,
            resamples=resamples,
            seed=seed,
            progress=progress,
        )
    if outcome.record is None:
        raise BenchError(*outcome.validation.problems)
    for note in outcome.notes:
        warnings.warn(note, stacklevel=2)
    return outcome.record
