"""What a bug report needs."""

from importlib.metadata import version

from lichen.jobs.environment import environment


def test_versions_are_the_installed_ones_and_the_machine_is_not_named():
    import socket

    found = environment()
    assert found["numpy"] == version("numpy")
    assert found["text encoder"] == "installed"
    assert socket.gethostname() not in " ".join(v for k, v in found.items() if k != "cache folder")


def test_a_missing_package_is_said_to_be_missing(monkeypatch):
    monkeypatch.setattr("lichen.jobs.environment.PACKAGES", ("no-such-package",))
    assert environment()["no-such-package"] == "not installed"
