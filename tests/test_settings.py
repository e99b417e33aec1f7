import sys

import pytest

from rag.errors import SettingsInvalid
from rag.settings import Settings, cache_dir, load_settings


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = tmp_path / "rag.toml"
    monkeypatch.setenv("RAG_CONFIG", str(path))
    return path


def test_flags_beat_the_environment_which_beats_the_file(config):
    config.write_text("threads = 1\nseed = 1\nretrieve_k = 9\n")
    settings = load_settings(
        {"threads": 3, "seed": None}, {"RAG_THREADS": "2", "RAG_SEED": "2", "RAG_OFFLINE": "1"}
    )
    assert (settings.threads, settings.seed, settings.retrieve_k) == (3, 2, 9)
    assert settings.offline is True


def test_without_anything_the_defaults_hold(config):
    assert load_settings({}, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("thread = 1", "thread"),
        ("threads = 'two'", "threads"),
        ("threads = -1", "threads"),
        ("threads = ", "rag.toml"),
        ("passage_tokens = 16\noverlap_tokens = 16", "overlap_tokens"),
    ],
)
def test_a_bad_file_names_the_setting(config, text, named):
    config.write_text(text)
    with pytest.raises(SettingsInvalid, match=named):
        load_settings({}, {})


@pytest.mark.parametrize("name", ["RAG_THREADS", "RAG_OFFLINE", "RAG_SEED"])
def test_a_bad_variable_is_named(config, name):
    with pytest.raises(SettingsInvalid, match=name):
        load_settings({}, {name: "perhaps"})


def test_an_unknown_setting_is_named_with_the_nearest_known_one(config):
    with pytest.raises(SettingsInvalid, match="'thread'; did you mean 'threads'"):
        load_settings({"thread": 4}, {})
    config.write_text("retreive_k = 4\n")
    with pytest.raises(SettingsInvalid, match="did you mean 'retrieve_k'"):
        load_settings({}, {})


@pytest.mark.parametrize(
    "wrong", [{"threads": "4"}, {"threads": 4.0}, {"seed": True}, {"offline": 1}, {"model": 7}]
)
def test_a_value_of_another_kind_is_named(config, wrong):
    (name,) = wrong
    with pytest.raises(SettingsInvalid, match=f"'{name}' is .*, expected"):
        load_settings(wrong, {})


def test_a_path_may_stand_for_its_name(config, tmp_path):
    assert load_settings({"model": tmp_path / "m.gguf"}, {}).model == str(tmp_path / "m.gguf")


def test_without_a_home_what_to_set_is_said(monkeypatch, tmp_path):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", unknown)
    for name in ("RAG_CONFIG", "RAG_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform == "linux":
        with pytest.raises(SettingsInvalid, match="RAG_CACHE"):
            cache_dir()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache_dir() == tmp_path / "rag"
    monkeypatch.setenv("RAG_CACHE", "~nobody-of-that-name/models")
    assert cache_dir().name == "models"
