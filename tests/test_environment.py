"""pyproject.toml, requirements.lock, env.yml and the Makefile describe one environment."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lendanear.paths import LOCK, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK_TEXT = LOCK.read_text(encoding="utf-8")


def direct_requirements() -> list[Requirement]:
    groups = PROJECT["dependency-groups"].values()
    texts = [*PROJECT["project"]["dependencies"], *(text for group in groups for text in group)]
    return [Requirement(text) for text in texts]


def locked() -> dict[str, Requirement]:
    lines = re.findall(r"^([A-Za-z0-9][^\s;]*==[^\\\n]*)", LOCK_TEXT, flags=re.MULTILINE)
    requirements = [Requirement(line.strip()) for line in lines]
    names = [canonicalize_name(requirement.name) for requirement in requirements]
    assert len(names) == len(set(names)), "a package is locked at two versions"
    return dict(zip(names, requirements, strict=True))


@pytest.mark.parametrize("requirement", direct_requirements(), ids=str)
def test_lock_satisfies_every_direct_requirement(requirement: Requirement):
    pin = next(iter(locked()[canonicalize_name(requirement.name)].specifier)).version
    assert requirement.specifier.contains(pin), f"{requirement} is locked at {pin}: make lock"


def test_every_direct_requirement_holds_on_every_supported_python():
    pins = locked()
    for requirement in direct_requirements():
        assert pins[canonicalize_name(requirement.name)].marker is None, requirement.name


def test_every_locked_file_has_a_hash_and_no_address():
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK_TEXT.split("\n", 2)[2])
    for block in blocks:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in LOCK_TEXT
    assert "index-url" not in LOCK_TEXT


def test_lock_was_compiled_for_the_groups_the_makefile_names():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    groups = re.search(r"^GROUPS := (.*)$", makefile, flags=re.MULTILINE).group(1)
    assert set(re.findall(r"--group (\S+)", groups)) == set(PROJECT["dependency-groups"])
    assert groups in LOCK_TEXT.splitlines()[1]
    assert "--require-hashes -r requirements.lock" in makefile


def test_env_yml_installs_exactly_the_lock_on_the_same_pythons():
    environment = yaml.safe_load((ROOT / "env.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["--require-hashes", "-r requirements.lock"]
    assert f"python{PROJECT['project']['requires-python']}" in conda
    assert environment["name"] == PROJECT["project"]["name"]


def test_this_environment_is_the_locked_one():
    here = default_environment()
    for name, requirement in locked().items():
        if requirement.marker is None or requirement.marker.evaluate(here):
            assert requirement.specifier.contains(version(name), prereleases=True), (
                f"{name} {version(name)} is installed, {requirement} is locked: make setup"
            )
