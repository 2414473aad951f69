"""The lines that say how to install something."""

import pytest

from faceswap.utils import installing
from faceswap.utils.installing import CHECKOUT, install_command, packages_of


def test_a_checkout_installs_its_own_extras():
    assert install_command("web").endswith(("[web]", "[web]'")) and f" -e {CHECKOUT}" in install_command()


@pytest.mark.parametrize(("extra", "package"), [("web", "fastapi"), ("onnx", "onnxruntime"), ("", "torch")])
def test_elsewhere_packages_are_named_and_never_ours(monkeypatch, extra, package):
    """The index has no project of ours; one of that name would be somebody else's."""
    monkeypatch.setattr(installing, "is_checkout", lambda: False)
    line = install_command(extra)
    assert package in line and "faceswap" not in line.partition(" install ")[2] and "extra" not in line


def test_packages_of_one_extra_are_not_those_of_another():
    assert not {name for name in packages_of("") if name.startswith(("fastapi", "pytest"))}
    assert not packages_of("nothing")
