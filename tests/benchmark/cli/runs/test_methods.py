import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.cli.main import main


def call(*arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(main, ["methods", *arguments])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_lists_every_method():
    output = call()
    for method in METHODS.values():
        assert f"\n{method.name} " in output
        assert method.title in output


@pytest.mark.parametrize("name", METHODS)
def test_shows_the_card_of_a_method(name):
    output = call(name)
    assert output.startswith(f"{METHODS[name].title} ({name})\n")
    assert f"{METHODS[name].card.parameters:,} parameters" in output


def test_shows_the_card_of_a_variant():
    output = call("inception-nnunet", "--variant", "II")
    assert output.startswith("Inception nnU-Net, variant II (inception-nnunet-II)\n")
    assert "96,799,176 parameters" in output


def test_json_for_programs():
    everything = json.loads(call("--json"))
    assert [each["name"] for each in everything] == list(METHODS)
    one = json.loads(call("mednext", "--json"))
    assert one in everything
    assert one["card"]["parameters"] == 61_787_176
    variant = json.loads(call("inception-nnunet", "--variant", "released", "--json"))
    assert variant["name"] == "inception-nnunet-released"
    assert variant["settings"]["paper"]["network_options"]["nonlin"] == "torch.nn.LeakyReLU"


def test_names_for_scripts():
    assert call("--names").split() == list(METHODS)


def test_mistakes():
    assert "--names is of all methods" in call("mednext", "--names", exit_code=2)
    assert "'mars-net' is not one of 'inception-nnunet'" in call("mars-net", exit_code=2)
    assert "Did you mean nnunet-v2?" in call("nnunet-v3", exit_code=2)
    assert "Did you mean released?" in call("inception-nnunet", "--variant", "release", exit_code=1)
    assert "--variant needs a METHOD" in call("--variant", "I", exit_code=2)
    assert "has no variant 'VI': expected one of: I, II" in call("inception-nnunet", "--variant", "VI", exit_code=1)


@pytest.mark.parametrize("arguments", [[], ["inception-nnunet"]])
def test_needs_no_heavy_package(arguments):
    code = (
        "import sys\nfrom mswal_bench.benchmark.cli.main import main\n"
        f"main(['methods', *{arguments}], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout
    assert not set(done.stderr.split()) & {"torch", "nnunetv2", "nnunet", "monai", "scipy", "SimpleITK", "pandas"}
