"""nnU-Net's files become the documents of a method; nnU-Net itself says how its older forms are to be read."""

import warnings

import pytest

from mswal_bench.baselines.nnunet.foreign_plans import ForeignModelError, foreign_documents, network_class
from mswal_bench.baselines.registry import METHODS

from .nnunet_models import configuration, dataset, fingerprint, older_configuration, plans


def documents(of_plans=None, of_dataset=None, of_fingerprint=None):
    return foreign_documents(
        plans() if of_plans is None else of_plans,
        dataset() if of_dataset is None else of_dataset,
        fingerprint() if of_fingerprint is None else of_fingerprint,
        (0, 2),
    )


def faults(made):
    return METHODS["nnunet-v2"].portable.faults(made, None)


def refused(**given):
    with pytest.raises(ForeignModelError) as caught:
        documents(**given)
    return caught.value.code, caught.value.found


def test_what_nnunet_writes_today_is_such_as_the_method_writes():
    made = documents({**plans(), "a key that nobody reads": 1}, {**dataset(), "licence": "none", "numTest": 3})
    assert faults(made) == []
    assert made["prediction"] == {"mirroring_axes": [0, 2], "speck_limits_mm3": {}}
    assert made["dataset"]["name"] == "Dataset042_Lesions"
    assert documents(of_dataset=dataset(name="Own"))["dataset"]["name"] == "Own"
    assert network_class(made) == "PlainConvUNet"


@pytest.mark.parametrize("name", ["PlainConvUNet", "ResidualEncoderUNet"])
def test_older_plans_are_read_as_nnunet_reads_them(name):
    handler = pytest.importorskip("nnunetv2.utilities.plans_handling.plans_handler")
    older = older_configuration() | {"UNet_class_name": name}
    made = documents(plans(**{"3d_fullres": older}))["plans"]["configurations"]["3d_fullres"]
    with warnings.catch_warnings(action="ignore"):
        expected = handler.PlansManager(plans(**{"3d_fullres": older})).get_configuration("3d_fullres").configuration
    # nnU-Net finds the class of that name wherever its module went; here that is told by the name alone.
    for each in (made, expected):
        path = each["architecture"].pop("network_class_name")
        assert path.rpartition(".")[2] == name
    assert made == expected


def test_older_plans_give_the_same_network_as_those_of_today():
    assert documents(plans(**{"3d_fullres": older_configuration()})) == documents()
    channels = {"foreground_intensity_properties_by_modality": plans()["foreground_intensity_properties_per_channel"]}
    renamed = {key: value for key, value in plans().items() if not key.startswith("foreground")} | channels
    assert documents(renamed) == documents()
    modality = {key: value for key, value in dataset().items() if key != "channel_names"} | {"modality": {"0": "CT"}}
    assert documents(of_dataset=modality) == documents()


def test_a_configuration_takes_from_others_what_nnunet_takes():
    handler = pytest.importorskip("nnunetv2.utilities.plans_handling.plans_handler")
    whole = plans(
        **{
            "base": configuration(),
            "between": {"batch_size": 5, "spacing": [3.0, 3.0, 3.0], "inherits_from": "base"},
            "3d_fullres": {"batch_size": 7, "inherits_from": "between"},
        }
    )
    made = documents(whole)["plans"]["configurations"]["3d_fullres"]
    expected = handler.PlansManager(whole).get_configuration("3d_fullres").configuration
    assert made == {key: value for key, value in expected.items() if key != "inherits_from"}
    assert (made["batch_size"], made["spacing"]) == (7, [3.0, 3.0, 3.0])
    assert faults(documents(whole)) == []


@pytest.mark.parametrize(
    ("configurations", "found"),
    [
        ({"2d": {}}, "no '3d_fullres'"),
        ({"3d_fullres": 3}, "no '3d_fullres'"),
        ({"3d_fullres": {"inherits_from": "gone"}}, "no 'gone'"),
        ({"3d_fullres": {"inherits_from": "3d_fullres"}}, "in a circle"),
        ({"3d_fullres": {"inherits_from": ["3d_fullres"]}}, "in a circle"),
        ({"3d_fullres": {**configuration(), "previous_stage": "3d_lowres"}}, "a cascade"),
    ],
)
def test_another_configuration_is_refused(configurations, found):
    code, told = refused(of_plans=plans(**configurations))
    assert code == "configuration-foreign"
    assert found in told


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"UNet_class_name": "\x1b[31mOwn"}, "the network '\\x1b[31mOwn'"),
        ({"UNet_class_name": None}, "the network 'None'"),
        ({"n_conv_per_stage_encoder": 3}, "values of another kind"),
        ({"unet_max_num_features": "320"}, "values of another kind"),
    ],
)
def test_older_plans_of_another_network_are_refused(change, found):
    assert refused(of_plans=plans(**{"3d_fullres": older_configuration() | change})) == ("plans-foreign", found)


def test_older_plans_that_lack_something_are_refused():
    lacking = {key: value for key, value in older_configuration().items() if key != "conv_kernel_sizes"}
    assert refused(of_plans=plans(**{"3d_fullres": lacking})) == ("plans-foreign", "no conv_kernel_sizes")


@pytest.mark.parametrize("change", [{"n_conv_per_stage_encoder": [1] * 1000}, {"UNet_base_num_features": -1}])
def test_older_plans_out_of_bounds_are_faults(change):
    assert faults(documents(plans(**{"3d_fullres": older_configuration() | change})))


@pytest.mark.parametrize(
    ("change", "code", "found"),
    [
        ({"labels": {"background": 0, "tumor": [1, 2]}}, "labels-foreign", "regions of several labels"),
        ({"labels": {"background": 0, "tumor": 1, "ignore": 2}}, "labels-foreign", "an ignore label"),
        ({"labels": ["background"]}, "labels-foreign", "no labels"),
        ({"channel_names": {"0": "CT", "1": "PET"}}, "channels-foreign", "2 images a case"),
        ({"channel_names": {"0": "T1"}}, "channels-foreign", "images of T1"),
    ],
)
def test_other_labels_and_images_are_refused(change, code, found):
    assert refused(of_dataset=dataset(**change)) == (code, found)


def test_what_is_no_form_of_nnunets_is_a_fault():
    assert faults(documents(plans(**{"3d_fullres": {**configuration(), "architecture": 3}})))
    assert network_class(documents(plans(**{"3d_fullres": {**configuration(), "architecture": 3}}))) == ""
    assert faults(documents({**plans(), "label_manager": "os.system"}))
    assert faults(documents(of_dataset=dataset(channel_names=None)))
    assert faults(documents(of_fingerprint={}))
