"""What other packages offer as methods: what is found, what is loaded, and everything that can be wrong with it."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mswal_bench.baselines.plug_ins import PlugIn, PlugInError, find_plug_ins, load_plug_in

from .installed_plug_ins import HEAD, imported_from, install


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A folder that packages are put into and imported from."""
    with imported_from(tmp_path):
        yield tmp_path


def found(site: Path) -> list[PlugIn]:
    return list(find_plug_ins([str(site)]))


def faults(site: Path, code: str | None, name: str = "plug", **taken: str) -> str:
    install(site, name, code)
    (plug_in,) = found(site)
    with pytest.raises(PlugInError) as caught:
        load_plug_in(plug_in, {"nnunet-v2": "mswal-bench itself", **taken})
    assert "-m pip uninstall plug" in caught.value.mend
    return "; ".join(caught.value.faults)


def test_what_packages_offer_is_found_by_name(site):
    install(site, "b-plug", HEAD, version="2.0rc1")
    install(site, "a-plug", HEAD, points="zebra = a_plug:Z\nant = a_plug.inner:METHODS.ant")
    install(site, "tool", "", group="console_scripts")
    assert found(site) == [
        PlugIn("ant", "a-plug", "1.0", "a_plug.inner:METHODS.ant"),
        PlugIn("b-plug", "b-plug", "2.0rc1", "b_plug:METHOD"),
        PlugIn("zebra", "a-plug", "1.0", "a_plug:Z"),
    ]
    assert "a_plug" not in sys.modules


def test_of_a_package_that_is_there_twice_the_first_counts(tmp_path):
    install(tmp_path / "first", "plug", HEAD, version="2.0")
    install(tmp_path / "second", "Plug", HEAD, version="1.0")
    (plug_in,) = find_plug_ins([str(tmp_path / "first"), str(tmp_path / "second")])
    assert plug_in.version == "2.0"


@pytest.mark.parametrize("metadata", ["", "Name: other\n", "\x00"])
def test_broken_installations_of_others_hinder_nothing(site, metadata):
    install(site, "plug", HEAD)
    install(site, "other", "", version="0.1")
    (site / "other-0.1.dist-info" / "METADATA").write_text(metadata)
    (site / "other-0.1.dist-info" / "entry_points.txt").write_text("[console_scripts]\nno equals sign\n")
    assert [each.name for each in found(site)] == ["plug"]


def test_a_method_is_loaded(site, capfd):
    install(site, "plug", HEAD + "print('Please cite us')\nMETHOD = Plug('plug')")
    (plug_in,) = found(site)
    method = load_plug_in(plug_in, {})
    assert (method.name, method.card.parameters) == ("plug", 7)
    # What a command prints may go to a program.
    assert capfd.readouterr() == ("", "Please cite us\n")


@pytest.mark.parametrize("name", ["Plug", "plug_1", "-plug", "plug/../x", "plüg", "p" * 61])
def test_what_is_no_name(site, name):
    install(site, "package", HEAD, points=f"{name} = package:METHOD")
    (plug_in,) = found(site)
    with pytest.raises(PlugInError, match="is no name for a method: expected 1 to 60 small letters, digits and"):
        load_plug_in(plug_in, {})
    assert "package" not in sys.modules


def test_a_name_that_is_taken(site):
    assert faults(site, HEAD, plug="plug-too 3.1") == "the name plug is taken by plug-too 3.1"
    assert "plug" not in sys.modules


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, "importing plug:METHOD raises ModuleNotFoundError (No module named 'plug')"),
        ("import there_is_no_such_module", "raises ModuleNotFoundError (No module named 'there_is_no_such_module')"),
        ("METHOD = 1 / 0", "importing plug:METHOD raises ZeroDivisionError (division by zero)"),
        ("def METHOD(:", "importing plug:METHOD raises SyntaxError"),
        ("import sys; sys.exit(3)", "importing plug:METHOD raises SystemExit (3)"),
        ("OTHER = 1", "raises AttributeError (module 'plug' has no attribute 'METHOD')"),
        (HEAD + "METHOD = Method()", "raises TypeError (Can't instantiate abstract class Method"),
        (HEAD + "METHOD = Plug", "plug:METHOD is a class of methods: expected a method, as in Plug()"),
        ("METHOD = {}", "plug:METHOD is of the type dict: expected a Method of mswal_bench.baselines.method"),
        ("METHOD = None", "plug:METHOD is nothing: expected a Method"),
    ],
)
def test_what_is_no_method(site, code, said):
    assert said in faults(site, code)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("name='plugg'", "its name is 'plugg': expected 'plug', as in the entry point"),
        ("title=''", "its title is missing: expected a line of text"),
        ("publication='two\\nlines'", "its publication is 'two\\nlines': expected a line of text"),
        ("packages='torch'", "its packages are 'torch': expected a tuple of the names of modules"),
        ("extras=None", "its extras are None: expected a text"),
        ("settings=lambda budget: {'rate': Plug}", "its settings under the budget paper are no plain values"),
        ("settings=lambda budget: [1]", "its settings under the budget demo are of the type list: expected a mapping"),
        ("settings=lambda budget: {}['paper']", "asking what it is raises KeyError ('paper')"),
        ("card={}", "its card is wrong: it is of the type dict: expected a FidelityCard"),
        ("card=None", "its card is wrong: it is missing: expected a FidelityCard"),
        ("rate=0.25", "its card is wrong: it says '0.5' of 'rate', and the method sets training.rate to 0.25"),
        ("variants=lambda: [1]", "its variants are of the type list: expected a mapping of names to methods"),
        ("variants=lambda: {'a b': Plug('plug-a b')}", "'a b' is no name for a variant: expected 1 to 20 letters"),
        ("variants=lambda: {'II': Plug}", "its variant II is of the type ABCMeta: expected a Method"),
        ("variants=lambda: {'II': Plug('plug-I')}", "of its variant II, its name is 'plug-I': expected 'plug-II'"),
    ],
)
def test_what_is_wrong_with_a_method(site, changed, said):
    given = changed if changed.startswith("name=") else f"name='plug', {changed}"
    assert said in faults(site, f"{HEAD}METHOD = Plug({given})")


def test_everything_that_is_wrong_is_told_at_once(site):
    told = faults(site, f"{HEAD}METHOD = Plug('other', title='', card=None)")
    assert told.count("; ") == 2
    assert all(word in told for word in ("its name", "its title", "its card"))


def test_the_name_of_a_variant_may_be_taken_too(site):
    code = HEAD + "METHOD = Plug('nnunet', variants=lambda: {'v2': Plug('nnunet-v2')})"
    install(site, "plug", code, points="nnunet = plug:METHOD")
    (plug_in,) = found(site)
    with pytest.raises(PlugInError, match="the name nnunet-v2 of its variant v2 is taken by mswal-bench itself"):
        load_plug_in(plug_in, {"nnunet-v2": "mswal-bench itself"})


def test_an_error_can_be_sent_to_another_process():
    error = PlugInError(PlugIn("plug", "plug", "1.0", "plug:METHOD"), ["its name is 'x'"], "Rename it")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert str(error).startswith("plug 1.0, plug: its name is 'x'. Rename it, or remove it: ")
