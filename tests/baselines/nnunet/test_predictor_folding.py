"""That prediction folds Inception nnU-Net's network, and gives what the trained network gives."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.method import Budget, Job
from mswal_bench.baselines.networks.fold_inception import FoldedBlock
from mswal_bench.baselines.networks.inception_unet import InceptionUNet
from mswal_bench.baselines.nnunet.checkpoints import final_checkpoint, load_checkpoint
from mswal_bench.baselines.nnunet.planned_network import planned_network
from mswal_bench.baselines.nnunet.plans import read_dataset_json, read_plans
from mswal_bench.baselines.nnunet.predictor import _predictor
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.splits import five_folds

pytestmark = pytest.mark.slow

METHOD = METHODS["inception-nnunet"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A smoke training of one fold."""
    raw, work = tmp_path_factory.mktemp("raw") / "data", tmp_path_factory.mktemp("work")
    write_phantom(raw, train=5, test=0, size="tiny", seed=0, progress=False)
    cases = [path.name.removesuffix(".nii.gz") for path in (raw / "labelsTr").iterdir()]
    job = Job(raw, work, five_folds(cases), Budget.SMOKE, "cpu", 0)
    METHOD.prepare(job, lambda done, total, note: None)
    METHOD.train(job, 0, lambda done, total, note: None)
    return Workspace(work / "nnunet")


def test_the_predictors_network_is_folded_and_agrees(trained):
    with trained.entered("cpu"):
        predictor = _predictor(trained, [0], mirroring=False, window=(64, 64, 64), device="cpu")
        weights = load_checkpoint(final_checkpoint(trained, 0))["network_weights"]
        unfolded = planned_network(
            PlansManager(read_plans(trained)), read_dataset_json(trained), deep_supervision=False
        )
    unfolded.load_state_dict(weights)
    unfolded.eval()
    folded = predictor.network
    assert any(isinstance(module, FoldedBlock) for module in folded.modules())
    assert not any(isinstance(module, torch.nn.BatchNorm3d) for module in folded.modules())
    assert any(isinstance(module, torch.nn.BatchNorm3d) for module in unfolded.modules())
    assert isinstance(unfolded, InceptionUNet)

    torch.manual_seed(0)
    image = torch.randn(1, 64, 64, 64)
    with torch.no_grad():
        expected = unfolded(image[None])[0]
        folded.load_state_dict(predictor.list_of_parameters[0])
        found = folded.eval()(image[None])[0]
        whole = predictor.predict_logits_from_preprocessed_data(image)
    spread = expected.std()
    assert spread > 0.01
    assert ((found - expected).abs().max() / spread).item() < 1e-4
    # nnU-Net hands logits on in half precision, which is coarse where its weight for a window's border is near nothing.
    inside = (..., *[slice(16, 48)] * 3)
    assert ((whole.float() - expected)[inside].abs().max() / spread).item() < 1e-2
