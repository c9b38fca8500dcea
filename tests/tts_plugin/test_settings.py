"""settings.json: validated, documented, never overwritten carelessly."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tts_plugin import settings
from tts_plugin.errors import SettingsError
from tts_plugin.settings import Settings

CHECKOUT = Path(__file__).parents[2]


def test_no_file_means_the_defaults(home: Path) -> None:
    assert settings.load() == (Settings(), [])


def test_the_default_file_is_the_defaults(home: Path) -> None:
    assert settings.write_default_files()
    assert settings.load() == (Settings(), [])
    assert not settings.write_default_files(), "a file that is there stays"


def test_every_key_is_documented() -> None:
    properties = settings.schema()["properties"]
    assert set(properties) == set(Settings.model_fields) | {"$schema"}
    assert all(properties[key].get("description") for key in Settings.model_fields)


def test_the_readme_has_every_key() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    made = subprocess.run(
        [sys.executable, "-c", "import settings_table; print(settings_table.table())"],
        cwd=CHECKOUT / "scripts",
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() in readme, "run scripts/settings_table.py"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"enabled": }', "line 1, column 13"),
        ('{\n "volume": 1,\n}', "line 3"),
        ("[]", "must be an object"),
        ('{"volume": 9}', "volume"),
        ('{"volume": "1"}', "volume"),
        ('{"volume": NaN}', "volume"),
        ('{"enabled": "false"}', "enabled"),
        ('{"voices": ["openjtalk", "nobody"]}', "voices[1]"),
        ('{"voices": []}', "voices"),
        ("", "line 1"),
        ("[" * 100_000, "deeply"),
    ],
)
def test_a_broken_file_says_what_and_where(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=r"settings\.json") as caught:
        settings.parse(text)
    assert says in str(caught.value)


def test_an_unknown_key_is_a_warning_that_guesses() -> None:
    parsed, warnings = settings.parse('{"volme": 2, "$schema": "x"}')
    assert parsed == Settings()
    assert warnings == ["settings.json: unknown setting 'volme' is ignored; did you mean 'volume'?"]


def test_a_byte_order_mark_is_no_error() -> None:
    assert settings.parse('\ufeff{"enabled": false}')[0].enabled is False


def test_the_switch_leaves_the_rest_of_the_file(home: Path) -> None:
    file = settings.settings_file()
    file.parent.mkdir(parents=True)
    file.write_text('{"volume": 2, "mine": {"kept": true}}', encoding="utf-8")
    settings.set_enabled(False)
    assert json.loads(file.read_text(encoding="utf-8")) == {"volume": 2, "mine": {"kept": True}, "enabled": False}


def test_the_switch_does_not_overwrite_a_broken_file(home: Path) -> None:
    file = settings.settings_file()
    file.parent.mkdir(parents=True)
    file.write_text('{"volume": ', encoding="utf-8")
    with pytest.raises(SettingsError):
        settings.set_enabled(False)
    assert file.read_text(encoding="utf-8") == '{"volume": '


def test_a_linked_file_stays_a_link(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.json"
    target.write_text("{}", encoding="utf-8")
    file = settings.settings_file()
    file.parent.mkdir(parents=True)
    file.symlink_to(target)
    settings.set_enabled(False)
    assert file.is_symlink() and json.loads(target.read_text(encoding="utf-8")) == {"enabled": False}


def test_files_are_written_for_this_user_alone(home: Path) -> None:
    settings.write_default_files()
    assert stat.S_IMODE(settings.settings_file().stat().st_mode) == 0o600
