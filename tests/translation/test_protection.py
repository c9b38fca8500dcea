"""What a translation must hold, and how it gets it back: golden cases."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from daemon.translation import names, typography
from daemon.translation.protection import missing, placed, protect, repaired, restore


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I read internal/queue/consumer.go first.", ["internal/queue/consumer.go"]),
        ("The empty `catch` block in `saveDraft` hides it.", ["catch", "saveDraft"]),
        ("The pull request #482 fixes get_user_name, getUserName and GetUser.", None),
        ("Encoder::write_block and decode() take 62% of the time.", ["Encoder::write_block", "decode()", "62"]),
        ("tsc --noEmit reports 9 errors, down from 63.", ["tsc --noEmit", "9", "63"]),
        (
            "Please run npm run build, then git push --force-with-lease.",
            ["npm run build", "git push --force-with-lease"],
        ),
        ("I ran npm install to get it.", ["npm install"]),
        ("pytest -k invoice selected 14 tests.", ["pytest -k invoice", "14"]),
        ("We go up from here, and/or make it black.", []),
        ("It is in ~/.netrc and ./scripts/run.sh, or $HOME/go/bin.", ["~/.netrc", "./scripts/run.sh", "$HOME/go/bin"]),
        ("The commit 8be07da is tagged v2.3.0 on amd64.", ["8be07da", "v2.3.0", "amd64"]),
        ("See https://example.com/a?b=1.", ["https://example.com/a?b=1"]),
        ("SameSite=None on redis:6379, with --json.", ["SameSite=None", "redis:6379", "--json"]),
        ("An ON DELETE CASCADE in SQL.", ["ON DELETE CASCADE", "SQL"]),
        ("OK, NOTE that I never said NOT.", []),
        ("Docker and the Linux kernel of Monday.", ["Docker", "Linux"]),
        ("Please Read All Of The Rust Tests Now.", ["Rust"]),
        ("It took 1,500 steps and 1.2 seconds.", ["1,500", "1.2"]),
        ("At 3 PM, or 15:30, or 9am.", []),
        ("It is a well-known end-to-end test of eslint-plugin-import.", ["eslint-plugin-import"]),
        ("From Django 3.2 to Python 3.12, with PID 20417.", ["Django 3.2", "Python 3.12", "PID 20417"]),
        ("From 1.2 GB, in Version 2.0, OK 200 times.", ["1.2", "2.0", "200"]),
        ("It is null in stdout, and not voided.", ["null", "stdout"]),
        ("The task nightly-sync is a well-known one.", ["nightly-sync"]),
        ("The container is named cache, with named arguments.", ["cache"]),
        ("It is 12 commits behind main; the main reason.", ["12", "main"]),
        ("ruff check . found it; run ruff check.", ["ruff check .", "ruff check"]),
        ("e.g. the U.S. and i.e. nothing, a.m. and p.m.", []),
        ("", []),
    ],
)
def test_names_are_recognised(text: str, expected: list[str] | None) -> None:
    found = [name.text for name in names.names(text)]
    assert found == (expected if expected is not None else ["#482", "get_user_name", "getUserName", "GetUser"])


def test_words_that_japanese_keeps_are_developers_terms_in_small_letters() -> None:
    words = names._verbatim()
    assert len(words) > 400
    assert all(word == word.lower() and len(word) > 2 for word in words)
    assert not words & {"true", "false", "self", "main", "environment", "await", "the"}


def test_names_do_not_overlap_and_stand_where_they_say() -> None:
    text = "Run `npm run build` in src/app.ts at v1.2.3 with --mode=dev 14 times; 3 million rows."
    found = names.names(text)
    assert all(text[name.start : name.end].strip("`") == name.text for name in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert found[-1].value == Decimal(3_000_000)


@pytest.mark.parametrize(
    ("source", "japanese"),
    [
        ("All 42 tests pass.", "４２件のテストが全て成功しました。"),
        ("It has 1,500 rows.", "1500行あります。"),
        ("It has 1.5 million rows.", "150万行あります。"),
        ("It has 10,000 rows.", "1万行あります。"),
        ("Only 2 are left.", "残りは二つだけです。"),
        ("The Docker image works.", "ドッカーイメージは動作します。"),
        ("I tagged v2.3.0.", "バージョン2.3.0のタグを付けました。"),
        ("The e2e run works.", "E2E テストは動きます。"),
        ("A 4K video.", "4K動画です。"),
        ("I read decode().", "decodeを読みました。"),
        ("Python 3.8 works.", "Python3.8は動きます。"),
        ("It starts at 3 PM.", "15時に始まります。"),
    ],
)
def test_another_way_to_say_it_is_no_loss(source: str, japanese: str) -> None:
    assert missing(source, japanese) == []
    assert repaired(source, japanese) == japanese


@pytest.mark.parametrize(
    ("source", "japanese", "lost"),
    [
        ("I updated config.toml and main.rs.", "ファイルを更新しました。", ["config.toml", "main.rs"]),
        ("I updated app.py.", "myapp.pyを更新しました。", ["app.py"]),
        ("All 42 tests pass.", "421件のテストが成功しました。", ["42"]),
        ("Use get_user, then get_user.", "使ってください。", ["get_user"]),
        ("It takes 1.5 million rows.", "1.5行です。", ["1.5"]),
    ],
)
def test_a_loss_is_noticed(source: str, japanese: str, lost: list[str]) -> None:
    assert missing(source, japanese) == lost


@pytest.mark.parametrize(
    ("source", "japanese", "better"),
    [
        # lost
        ("I updated config.toml.", "ファイルを更新しました。", "ファイルを更新しました（config.toml）。"),
        ("Is config.toml right?", "設定は正しいですか？", "設定は正しいですか（config.toml）？"),
        ("a.py, b.py and 3 more.", "他にもあります", "他にもあります（a.py、b.py、3）"),
        # misspelt
        ("I read get_user_name.", "get user nameを読みました。", "get_user_nameを読みました。"),
        ("I read getUserName.", "Get User Name を読みました。", "getUserName を読みました。"),
        ("I read vite.config.ts.", "Vite.config.TSを読みました。", "vite.config.tsを読みました。"),
        ("I read fetchInvoices.", "fetchInvoiceを読みました。", "fetchInvoicesを読みました。"),
        ("I read README.md of API.", "APIのREADMEを読みました。", "APIのREADME.mdを読みました。"),
        # doubled
        ("I read app.py.", "app.py app.pyを読みました。", "app.pyを読みました。"),
        ("I read app.py.", "app.py、app.py、app.pyを読みました。", "app.pyを読みました。"),
        # numbers: wrong, in another order, one of two
        ("All 42 tests pass.", "52件のテストが全て成功しました。", "42件のテストが全て成功しました。"),
        ("From 95 to 21 seconds.", "90秒から20秒に。", "95秒から21秒に。"),
        ("48 seconds, 356 passed, 2 failed.", "48秒、365件成功、2件失敗。", "48秒、356件成功、2件失敗。"),
        ("All 42 tests in test_42.py.", "test_42.pyのテスト43件。", "test_42.pyのテスト42件。"),
        # what is another number in its own right stays
        ("It was 12 of the rows.", "100万行のうちです。", "100万行のうちです（12）。"),
    ],
)
def test_losses_are_repaired(source: str, japanese: str, better: str) -> None:
    assert repaired(source, japanese) == better
    assert missing(source, better) == []
    assert repaired(source, better) == better


@pytest.mark.parametrize(
    ("source", "japanese"),
    [
        ("I read app.py.", "app.pyを読みました。"),
        ("I moved app.py, app.py again.", "app.py、app.pyを移動しました。"),
        ("Nothing to see.", "APIは何もありません。"),
        ("b.py imports a.py.", "a.pyはb.pyからインポートされています。"),
    ],
)
def test_what_is_whole_stays_as_it_is(source: str, japanese: str) -> None:
    assert repaired(source, japanese) == japanese


SOURCE = "Run `npm run build`, then read src/app.ts and src/app.ts in 3 minutes."


def test_placeholders_stand_for_names_and_not_for_numbers() -> None:
    protected = protect(SOURCE)
    assert protected.text == "Run X1, then read X2 and X2 in 3 minutes."
    assert protected.taken == {"X1": "npm run build", "X2": "src/app.ts"}


def test_a_placeholder_that_the_source_has_is_another_one() -> None:
    protected = protect("X1 calls get_user.")
    assert protected.text in ("X1 calls X2.", "X2 calls X3.")
    assert restore(protected.text, protected) == "X1 calls get_user."


@pytest.mark.parametrize(
    ("said", "better"),
    [
        ("X1を実行し、3分でX2を読みます。", "npm run buildを実行し、3分でsrc/app.tsを読みます。"),
        ("X2を読み、X1を3分で実行します。", "src/app.tsを読み、npm run buildを3分で実行します。"),
        ("Ｘ１を実行し、3分で「x 2」を読みます。", "npm run buildを実行し、3分でsrc/app.tsを読みます。"),
        ("X1 X1を実行し、3分でX2を読みます。", "npm run buildを実行し、3分でsrc/app.tsを読みます。"),
        ("X1を実行し、3分でX2とX7を読みます。", "npm run buildを実行し、3分でsrc/app.tsとを読みます。"),
        ("X1を実行し、3分で読みます。", "npm run buildを実行し、3分で読みます（src/app.ts）。"),
        ("X12を実行します。", "X12を実行します（npm run build、src/app.ts、3）。"),
    ],
    ids=["whole", "reordered", "full width", "doubled", "invented", "lost", "a longer word"],
)
def test_placeholders_are_undone(said: str, better: str) -> None:
    assert restore(said, protect(SOURCE)) == better


def test_placed_tells_what_was_lost() -> None:
    assert missing(SOURCE, placed("X1を3分で。", protect(SOURCE))) == ["src/app.ts"]


@pytest.mark.parametrize("count", [1, 9, 40])
def test_many_names_survive(count: int) -> None:
    source = " ".join(f"name_{chr(97 + n % 26)}{n}" for n in range(count))
    protected = protect(source)
    assert len(protected.taken) == min(count, 9)
    assert restore(protected.text, protected) == source


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It’s “done”.", 'It\'s "done".'),
        ("The fix works — all tests pass.", "The fix works, all tests pass."),
        ("Pages 3–5 and 2019—2021.", "Pages 3-5 and 2019-2021."),
        ("One—two", "One, two"),
        ("Wait… a\u00a0non\u2011breaking\u202fspace", "Wait... a non-breaking space"),
        ("soft\u00adhyphen, zero\u200bwidth", "softhyphen, zerowidth"),
        ("— a list item", "a list item"),
        ("Done: — yes —", "Done: yes"),
        ("«Ça va?»", '"Ça va?"'),
        ("two  spaces", "two spaces"),
        ("e\u0301", "é"),
        ("—", ""),
    ],
)
def test_typography_is_made_plain(text: str, plain: str) -> None:
    assert typography.plain(text) == plain
