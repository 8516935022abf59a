"""Operations on real files; what `ts_fs` sessions load a file system with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.agent.files import PATTERN, PIECE, Desk, do_file_task
from pytsung.protocols.local import FileAction, FileTask, OpenMode, Outcome


def do(action: FileAction, *where: Path, desk: Desk | None = None, **words: object) -> Outcome:
    paths = [str(path) for path in where]
    task = FileTask(action, *paths, **words)  # type: ignore[arg-type]  # words by name
    return do_file_task(task, desk or Desk())


@pytest.mark.parametrize("size", [0, 1, 20, 45, PIECE - 1, PIECE, 2 * PIECE + 21])
def test_what_is_written_is_tsungs(tmp_path: Path, size: int) -> None:
    """Copies of twenty characters, then the end of them; read back, it has its size."""
    path = tmp_path / "a"
    assert do(FileAction.WRITE, path, size=size) == Outcome(count=size)
    copies, rest = divmod(size, len(PATTERN))
    assert path.read_bytes() == PATTERN * copies + (PATTERN[-rest:] if rest else b"")
    assert do(FileAction.READ, path) == Outcome(count=size)


def test_chunks_of_an_open_file(tmp_path: Path) -> None:
    """Where they are asked for, and no further than the file goes."""
    path, desk = tmp_path / "a", Desk()
    assert do(FileAction.OPEN, path, desk=desk, mode=OpenMode.WRITE) == Outcome()
    for position in (0, 40):
        chunk = do(FileAction.WRITE_CHUNK, desk=desk, size=40, position=position)
        assert chunk == Outcome(count=40)
    assert path.read_bytes() == PATTERN * 4
    assert do(FileAction.OPEN, path, desk=desk, mode=OpenMode.READ) == Outcome()
    reads = [do(FileAction.READ_CHUNK, desk=desk, size=60, position=at) for at in (0, 60, 120)]
    assert [each.count for each in reads] == [60, 20, 0]
    assert do(FileAction.CLOSE, desk=desk) == Outcome()
    assert desk.descriptor is None


def test_modes_of_opening(tmp_path: Path) -> None:
    """`write` empties the file, `append` does not, `read` cannot write."""
    path, desk = tmp_path / "a", Desk()
    path.write_bytes(b"abc")
    do(FileAction.OPEN, path, desk=desk, mode=OpenMode.APPEND)
    do(FileAction.WRITE_CHUNK, desk=desk, size=1)
    assert path.read_bytes() == b"abcc"
    do(FileAction.OPEN, path, desk=desk, mode=OpenMode.READ)
    assert do(FileAction.WRITE_CHUNK, desk=desk, size=1) == Outcome("ebadf")
    do(FileAction.OPEN, path, desk=desk, mode=OpenMode.WRITE)
    assert path.read_bytes() == b""
    desk.close()


def test_opening_another_file_closes_the_one_before(tmp_path: Path) -> None:
    """Descriptors would run out otherwise: each belongs to a user who forgot it."""
    desk = Desk()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in "abcdef":
        do(FileAction.OPEN, tmp_path / name, desk=desk, mode=OpenMode.WRITE)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    desk.close()


def test_directories_links_and_copies(tmp_path: Path) -> None:
    """The rest of Tsung's operations."""
    directory, file = tmp_path / "d", tmp_path / "d" / "f"
    assert do(FileAction.MAKE_DIR, directory) == Outcome()
    assert do(FileAction.MAKE_DIR, directory) == Outcome("eexist")
    assert do(FileAction.WRITE, file, size=5) == Outcome(count=5)
    assert do(FileAction.STAT, file) == Outcome()
    assert do(FileAction.MAKE_SYMLINK, file, tmp_path / "l") == Outcome()
    assert (tmp_path / "l").resolve() == file
    assert do(FileAction.COPY, file, tmp_path / "c") == Outcome()
    assert (tmp_path / "c").read_bytes() == file.read_bytes()
    assert do(FileAction.DEL_DIR, directory) == Outcome("enotempty")
    assert do(FileAction.DELETE, file) == Outcome()
    assert do(FileAction.DEL_DIR, directory) == Outcome()


@pytest.mark.parametrize(
    "action",
    [each for each in FileAction if each not in (FileAction.WRITE, FileAction.MAKE_DIR)],
)
def test_a_failure_is_an_outcome(tmp_path: Path, action: FileAction) -> None:
    """Never an exception: one user's file must not end the others'."""
    nothing = tmp_path / "no" / "where"
    open_needed = (FileAction.READ_CHUNK, FileAction.WRITE_CHUNK, FileAction.CLOSE)
    expected = "ebadf" if action in open_needed else "enoent"
    assert do(action, nothing, nothing / "dest", size=1).error == expected
    assert do_file_task(FileTask(action, "a\0b", "c\0d", 1), Desk()).error in ("einval", "ebadf")


def test_a_copy_onto_itself(tmp_path: Path) -> None:
    """Has a name, too."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    assert do(FileAction.COPY, path, path) == Outcome("einval")
