"""Keys come from the configuration, the environment or a file that only the daemon reads, and never come out."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from edgeface.api.auth.keyring import Keyring
from edgeface.config import Config, KeyConfig, load_config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role

TWO = """
[[keys]]
app_id = "1"
key = "one"
secret = "secret-of-one"

[[keys]]
key = "two"
secret = "secret-of-two"
role = "admin"
qps = 2.5
per_day = 100
total = 1000
"""


def written(folder: Path, text: str, mode: int = 0o600, name: str = "keys.toml") -> Path:
    file = folder / name
    file.write_text(text)
    file.chmod(mode)
    return file


def test_keys_in_the_configuration_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, TWO), {})
    ring = Keyring.open(config)
    one, two = ring.by_key("one"), ring.by_key("two")
    assert one is not None and two is not None
    assert (one.role, one.qps, one.per_day, one.total) == (Role.MATCHER, None, None, None)
    assert (two.role, two.qps, two.per_day, two.total) == (Role.ADMIN, 2.5, 100, 1000)
    assert one.has_secret("secret-of-one")
    assert not one.has_secret("secret-of-two") and not one.has_secret("") and not one.has_secret("\udcff")
    assert ring.of_app("1") == (one,) and ring.of_app("") == () and ring.by_key("three") is None


def test_keys_in_the_environment_add_to_and_change_those_of_the_file(tmp_path: Path) -> None:
    environ = {
        "EDGEFACE_KEYS__0__ROLE": "observer",
        "EDGEFACE_KEYS__2__KEY": "three",
        "EDGEFACE_KEYS__2__SECRET": "secret-of-three",
    }
    keys = load_config(written(tmp_path, TWO), environ).keys
    assert [(key.key, key.role) for key in keys] == [("one", "observer"), ("two", "admin"), ("three", "matcher")]
    many = {f"EDGEFACE_KEYS__{n}__{field}": f"value-{n:02}" for n in range(12) for field in ("KEY", "SECRET")}
    assert [key.key for key in load_config(None, many).keys] == [f"value-{n:02}" for n in range(12)]


@pytest.mark.parametrize("name", ["EDGEFACE_KEYS__1__KEY", "EDGEFACE_KEYS__x__KEY", "EDGEFACE_STATE_DIR__X"])
def test_a_variable_that_names_no_place_is_refused(name: str) -> None:
    environ = {name: "value", "EDGEFACE_KEYS__0__KEY": "one"} if name.endswith("x__KEY") else {name: "value"}
    environ.setdefault("EDGEFACE_STATE_DIR", "/tmp/x")
    with pytest.raises(EdgeFaceError) as caught:
        load_config(None, environ)
    assert caught.value.code is ErrorCode.CONFIG_INVALID


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "a/b"}, "key"),
        ({"key": "x" * 129}, "key"),
        ({"secret": "short-7"}, "secret"),
        ({"secret": "s" * 257}, "secret"),
        ({"app_id": "a b"}, "app_id"),
        ({"role": "owner"}, "role"),
        ({"qps": 0}, "qps"),
        ({"qps": 10_001}, "qps"),
        ({"per_day": 0}, "per_day"),
        ({"total": 0}, "total"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_key_is_refused_by_field_and_without_its_secret(tmp_path: Path, change: dict, field: str) -> None:
    table = {"key": "one", "secret": "very-secret-indeed", **change}
    lines = "\n".join(f"{name} = {value!r}".replace("'", '"') for name, value in table.items())
    for load in (lambda file: load_config(file, {}), lambda file: Keyring.open(Config(keys_file=file))):
        with pytest.raises(EdgeFaceError) as caught:
            load(written(tmp_path, f"[[keys]]\n{lines}\n"))
        assert caught.value.code is ErrorCode.CONFIG_INVALID
        assert f"keys.0.{field}" in caught.value.detail
        assert str(table["secret"]) not in str(caught.value)


def test_a_key_stands_there_once(tmp_path: Path) -> None:
    twice = TWO + '[[keys]]\nkey = "one"\nsecret = "another-secret"\n'
    file = written(tmp_path, TWO)
    for attempt in (
        lambda: load_config(written(tmp_path, twice, name="twice.toml"), {}),
        lambda: Keyring.open(Config(keys_file=file, keys=(KeyConfig(key="one", secret="another-secret"),))),
    ):
        with pytest.raises(EdgeFaceError, match="twice"):
            attempt()


def test_an_application_may_have_several_keys() -> None:
    ring = Keyring([KeyConfig(app_id="7", key=name, secret="secret-of-it") for name in ("a", "b")])
    assert [key.key for key in ring.of_app("7")] == ["a", "b"]


def test_keys_in_a_file_of_their_own(tmp_path: Path) -> None:
    file = written(tmp_path, TWO)
    config = Config(keys_file=file, keys=(KeyConfig(key="three", secret="secret-of-three"),))
    assert len(Keyring.open(config)) == 3
    file.chmod(0o640)  # as systemd hands credentials over
    assert len(Keyring.open(config)) == 3


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(EdgeFaceError, match=r"must be 600"):
        Keyring.open(Config(keys_file=written(tmp_path, TWO, mode)))


@pytest.mark.parametrize("text", ["= no toml", '[server]\nworkers = 1\nsecret = "very-secret"', "[[keys]\nsecret"])
def test_a_file_that_holds_something_else_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        Keyring.open(Config(keys_file=written(tmp_path, text)))
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert "very-secret" not in str(caught.value)


def test_the_examples_load_once_their_secrets_are_filled_in(tmp_path: Path) -> None:
    examples = Path(__file__).parents[2] / "configs"
    config = load_config(examples / "tcp.toml", {})
    assert config.tcp.enabled and config.tcp.tls and config.tcp.anonymous == "none"
    text = (examples / "keys.toml").read_text(encoding="utf-8")
    with pytest.raises(EdgeFaceError, match="secret"):
        Keyring.open(config.model_copy(update={"keys_file": written(tmp_path, text)}))
    filled = written(tmp_path, text.replace('secret = ""', 'secret = "0123456789abcdef"'))
    assert len(Keyring.open(config.model_copy(update={"keys_file": filled}))) == 2


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(EdgeFaceError, match="No such file"):
        Keyring.open(Config(keys_file=tmp_path / "missing"))


def test_secrets_do_not_show(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = load_config(written(tmp_path, TWO), {})
    key = Keyring.open(config).by_key("one")
    assert key is not None
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%r %s %r", config, config, key)
    shown = caplog.text + config.model_dump_json()
    assert "secret-of" not in shown
    assert key.name in repr(key) and "'one'" not in repr(key)
