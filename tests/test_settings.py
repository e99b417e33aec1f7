import pytest

from rag.errors import SettingsInvalid
from rag.settings import Settings, load_settings


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
