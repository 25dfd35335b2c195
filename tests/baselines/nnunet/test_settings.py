import pytest

from mswal_bench.baselines.nnunet.settings import Training


def test_the_defaults_are_nnunets_own():
    trainer = pytest.importorskip("nnunetv2.training.nnUNetTrainer.nnUNetTrainer")
    import inspect

    source = inspect.getsource(trainer.nnUNetTrainer.__init__)
    training = Training()
    assert f"self.num_epochs = {training.epochs}\n" in source
    assert f"self.num_iterations_per_epoch = {training.iterations_per_epoch}\n" in source
    assert f"self.num_val_iterations_per_epoch = {training.validation_iterations}\n" in source
    assert "self.initial_lr = 1e-2\n" in source
    assert training.learning_rate == 1e-2
    assert f"self.oversample_foreground_percent = {training.foreground_patches}\n" in source
