"""Rows, ids, the barrier and interactions are the whole test's, over workers and processes."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from tests.end_to_end.command import configuration, users
from tests.end_to_end.conftest import Start
from tests.end_to_end.listener import Listener

WORKERS = 'host="localhost" cpu="3"'


def sessions(*steps: str) -> str:
    """HTTP sessions: what a user has is seen in what it asks for."""
    return f'<session name="s" weight="1" type="ts_http">{"".join(steps)}</session>'


def get(url: str) -> str:
    return f'<request subst="true"><http url="{url}" method="GET"/></request>'


def variables(attributes: str, *names: str) -> str:
    inner = "".join(f'<var name="{name}"/>' for name in names)
    return f"<setdynvars {attributes}>{inner}</setdynvars>"


def test_each_row_and_each_id_is_used_once(
    start: Start, listener: Listener, tmp_path: Path
) -> None:
    """By three workers; a user has the whole row, and the file is left on the controller."""
    rows = tmp_path / "rows.csv"
    rows.write_text("".join(f"user{number};pass{number}\n" for number in range(300)))
    text = configuration(
        listener.port,
        load=users(300, rate=150),
        client=WORKERS,
        options=f'<option name="file_server" id="users" value="{rows}"/>',
        sessions=sessions(
            variables('sourcetype="file" fileid="users" delimiter=";"', "name", "word"),
            get("/%%_name%%/%%_word%%/%%ts_msg_server:get_id%%"),
        ),
    )
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    asked = [path.split("/")[1:] for path in listener.paths]
    assert len(asked) == 300
    assert {(name[4:], word[4:]) for name, word, _ in asked} == {(str(n),) * 2 for n in range(300)}
    assert max(Counter(number for _, _, number in asked).values()) == 1


def test_users_of_all_workers_wait_for_each_other(start: Start, listener: Listener) -> None:
    """Nobody asks before the last has come; what one sends, another receives."""
    text = configuration(
        listener.port,
        load=users(30, rate=30),
        client=WORKERS,
        options='<option name="global_number" value="30"/>',
        sessions=sessions(
            '<interaction action="send" id="came"/><thinktime value="wait_global"/>',
            '<interaction action="receive" id="came"/>',
            get("/after"),
        ),
    )
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert listener.paths == ["/after"] * 30
    samples = result.summary["samples"]
    assert samples["tr_came"]["count"] == 30
    assert samples["tr_came"]["max"] < 1.0
    assert samples["session"]["max"] > samples["session"]["min"] + 0.2


def test_matches_are_written_down(start: Start, listener: Listener) -> None:
    """As lines of `match.log` and, with the answer itself, as files."""
    request = (
        '<request><match do="log" name="fine">200</match><match do="dump" name="whole">nobody'
        '</match><match do="dump">here</match><dyn_variable name="v" re="you asked for (.*)"/>'
        '<http url="/first" method="GET"/></request>'
    )
    text = configuration(
        listener.port, load=users(2), sessions=sessions(request, get("/again%%_v%%"))
    )
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    lines = (result.directory / "match.log").read_text().splitlines()[1:]
    assert sorted(line.split()[1:] for line in lines) == sorted(
        [str(user), "1", "1", "match", "-", name] for user in (1, 2) for name in ("fine", "-")
    )
    dumps = sorted(result.directory.glob("match-*.dump"))
    assert len(dumps) == 2
    assert b"you asked for /first" in dumps[0].read_bytes()
    assert sorted(listener.paths) == ["/again/first"] * 2 + ["/first"] * 2
    assert result.counters["match"] == 4
    assert result.counters["nomatch"] == 2


def test_large_files_come_to_every_worker(start: Start, listener: Listener, tmp_path: Path) -> None:
    """Whole, in parts, and once for all requests that send them."""
    body = bytes(range(256)) * 12_000
    (tmp_path / "body").write_bytes(body)
    put = f'<http url="/" method="PUT" contents_from_file="{tmp_path / "body"}"/>'
    text = configuration(
        listener.port,
        load=users(3),
        client=WORKERS,
        sessions=sessions(f"<request>{put}</request>" * 2),
    )
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    assert listener.bodies == [hashlib.sha256(body).hexdigest()] * 6


def test_python_functions_travel_to_the_workers(
    start: Start, listener: Listener, tmp_path: Path
) -> None:
    """From a directory of `-X`, with what they import from it."""
    package = tmp_path / "code" / "mine"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "words.py").write_text("WORD = 'from-python'\n")
    (package / "pick.py").write_text(
        "from mine.words import WORD\n\ndef pick(user):\n    return [WORD, user.number]\n"
    )
    text = configuration(
        listener.port,
        load=users(2),
        sessions=sessions(
            variables('sourcetype="python" callback="mine.pick:pick"', "a", "b"),
            get("/%%_a%%/%%_b%%"),
        ),
    )
    result = start("start", "-X", str(tmp_path / "code"), text=text).wait()
    assert result.status == 0, result.stderr
    assert sorted(listener.paths) == ["/from-python/1", "/from-python/2"]


def test_python_functions_stand_in_for_erlang_ones(
    start: Start, listener: Listener, tmp_path: Path
) -> None:
    """In a variable and in a text; one that raises ends its user, counted."""
    (tmp_path / "urls.py").write_text(
        "def first(user):\n    return f'first-{user.number}'\n\n"
        "def second(user):\n    return b'second-' + user.get('a').encode()\n\n"
        "def broken(user):\n    raise ValueError('no more')\n"
    )
    text = configuration(
        listener.port,
        load=users(2),
        sessions=sessions(
            variables('sourcetype="erlang" callback="urls:first"', "a"),
            get("/%%_a%%"),
            get("/%%urls:second%%"),
            get("/%%urls:broken%%"),
        ),
    )
    result = start("start", "-X", str(tmp_path), text=text).wait()
    assert result.status == 0, result.stderr
    assert sorted(listener.paths) == ["/first-1", "/first-2", "/second-first-1", "/second-first-2"]
    assert result.counters["error_callback"] == 2
