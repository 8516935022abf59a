"""From a `tsung.xml` to a plan: parse, check the structure, read each section.

Must not know how a plan is run, nor any element: each section has its own reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pytsung.config.certificates import read_certificates
from pytsung.config.code import CodeLibrary
from pytsung.config.document import Document, parse
from pytsung.config.element import SourceElement
from pytsung.config.entities import LARGEST_DOCUMENT, EntityLibrary
from pytsung.config.hosts import read_agent_hosts, read_targets
from pytsung.config.load import read_load
from pytsung.config.marks import MarkedPlaces, marks_of
from pytsung.config.monitors import read_monitors
from pytsung.config.options import Options, read_options
from pytsung.config.popularity import SessionNames
from pytsung.config.reader import ConfigurationReader
from pytsung.config.sessions import read_session
from pytsung.config.structure import check_structure
from pytsung.config.variables import LOCAL, VariableReader
from pytsung.errors import ConfigurationError, Fault, Place
from pytsung.plan import Cargo, Dump, Load, Plan, RowFile, Session, Target
from pytsung.protocols.registry import Registry, installed
from pytsung.protocols.room import Scene

LOG_LEVELS = {
    "emergency": 0,
    "critical": 2,
    "error": 3,
    "warning": 4,
    "notice": 5,
    "info": 6,
    "debug": 7,
}
DUMPS = tuple(dump.value for dump in Dump)
BACKENDS = ("text", "json", "rrdtool", "fullstats")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a configuration asks for, and what is worth knowing about it.

    `document` is the parsed document written back, entities expanded and DOCTYPE
    dropped, as Tsung keeps it beside its logs. `marks` say where it is played other
    than by Tsung. `cargo` are the files that go with the plan.
    """

    plan: Plan
    warnings: tuple[Fault, ...]
    document: bytes
    marks: tuple[MarkedPlaces, ...] = ()
    cargo: Cargo = field(default_factory=dict)


def read_configuration(
    source: Path | bytes,
    *,
    name: str = "",
    entity_directories: Sequence[Path] = (),
    seed: int | None = None,
    quirks: bool = False,
    excluded_tags: Sequence[str] = (),
    code_directories: Sequence[Path] = (),
    registry: Registry | None = None,
) -> Configuration:
    """Read a configuration from a file, or from bytes (its entities from the current directory).

    `name` is what faults call it. `seed` wins over the configuration's own option.
    Requests tagged with one of `excluded_tags` are left out. Python functions that
    sessions call are looked for in `code_directories`.

    Raises ConfigurationError with every fault, each with its place.
    """
    registry = installed() if registry is None else registry
    name = name or (str(source) if isinstance(source, Path) else "tsung_stdin.xml")
    home = source.parent if isinstance(source, Path) else Path()
    document = parse(_bytes_of(source, name), name, EntityLibrary(home, entity_directories))
    reader = ConfigurationReader(name, home, CodeLibrary(code_directories))
    _check_doctype(document, reader)
    check_structure(document.root, reader, registry)
    if document.root.tag != "tsung":
        raise ConfigurationError(reader.faults)
    variables = VariableReader(reader)
    sections = _Sections(document.root, reader, registry, frozenset(excluded_tags), variables, home)
    plan = sections.read(PurePath(name).name, seed, quirks)
    if reader.faults:
        raise ConfigurationError(reader.faults)
    marks = marks_of(document.root, registry)
    return Configuration(plan, reader.warnings, document.written_back, marks, reader.cargo)


def _bytes_of(source: Path | bytes, name: str) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        with source.open("rb") as file:
            return file.read(LARGEST_DOCUMENT + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        fault = Fault(Place(name), f"cannot be read: {reason}", "name a configuration with -f")
        raise ConfigurationError([fault]) from error


def _check_doctype(document: Document, reader: ConfigurationReader) -> None:
    """Tsung cannot do without a DOCTYPE; we only say so."""
    if document.doctype is None:
        reader.warn(document.root, "there is no DOCTYPE; Tsung itself would refuse the file")
        return
    name, system_id = document.doctype
    if name != "tsung" or PurePath(system_id).name != "tsung-1.0.dtd":
        reader.warn(document.root, f"the DOCTYPE is {name} “{system_id[:80]}”, not Tsung's")


class _Sections:
    """The sections of one document, read in the order in which they need each other."""

    def __init__(
        self,
        root: SourceElement,
        reader: ConfigurationReader,
        registry: Registry,
        excluded_tags: frozenset[str],
        variables: VariableReader,
        home: Path,
    ) -> None:
        self._root = root
        self._reader = reader
        self._registry = registry
        self._excluded_tags = excluded_tags
        self._variables = variables
        self._home = home

    def read(self, name: str, seed: int | None, quirks: bool) -> Plan:
        """The plan; whatever stands in it is unusable once a fault was reported."""
        root, reader = self._root, self._reader
        clients, servers = self._only("clients"), self._only("servers")
        load = self._only("load")
        targets = read_targets(servers, reader) if servers else ()
        sessions, options = self._sessions(targets)
        elements = [each for group in root.all("sessions") for each in group.all("session")]
        names = SessionNames(elements, reader)
        dump = reader.choice(root, "dumptraffic", DUMPS, "false")
        backend = reader.choice(root, "backend", BACKENDS, "text")
        level = reader.choice(root, "loglevel", tuple(LOG_LEVELS), "notice")
        return Plan(
            name=name,
            agent_hosts=read_agent_hosts(clients, reader) if clients else (),
            targets=targets,
            load=read_load(load, names, reader) if load else Load(),
            sessions=sessions,
            monitors=read_monitors(root.all("monitoring"), reader),
            seed=options.seed if seed is None else seed,
            quirks=quirks,
            log_level=LOG_LEVELS[level],
            backend=backend,
            dump=Dump(dump),
            row_files=self._row_files(options),
            python_modules=self._variables.python_modules(),
            certificates=read_certificates(root, self._home, reader),
            barrier=options.barrier,
            thresholds=options.thresholds,
        )

    def _row_files(self, options: Options) -> tuple[RowFile, ...]:
        """The files that sessions take lines from; each must have been declared."""
        for name, element in self._variables.files.items():
            if name not in options.row_files:
                option = "local_file_server" if name.startswith(LOCAL) else "file_server"
                self._reader.fault(
                    element,
                    f"there is no {option} with the id {name.removeprefix(LOCAL)}",
                    f'add <option name="{option}" id="…" value="…"/>',
                )
        return tuple(
            file for file in options.row_files.values() if file.name in self._variables.files
        )

    def _only(self, tag: str) -> SourceElement | None:
        """The one section of that name; None after a fault."""
        found = self._root.all(tag)
        for surplus in found[1:]:
            self._reader.fault(surplus, f"there is a second <{tag}>", "merge it with the first")
        if not found:
            self._reader.fault(self._root, f"there is no <{tag}>", f"add a <{tag}> section")
        return found[0] if found else None

    def _sessions(self, targets: Sequence[Target]) -> tuple[tuple[Session, ...], Options]:
        """Every session, with the options that stand before it in the file."""
        options = Options()
        servers = tuple(target.endpoint for target in targets)
        sessions: list[Session | None] = []
        for section in self._root:
            if section.tag == "options":
                options = read_options(section, options, self._reader, self._registry)
                if section is self._root.children[-1] and sessions:
                    text = "no session stands after these <options>, so they hold for none"
                    self._reader.warn(section, text, "move them before <sessions>")
            elif section.tag == "sessions":
                sessions += [
                    read_session(
                        element,
                        options,
                        Scene(servers),
                        self._reader,
                        self._registry,
                        self._excluded_tags,
                        self._variables,
                    )
                    for element in section.all("session")
                ]
        if not self._root.all("sessions"):
            self._reader.fault(self._root, "there is no <sessions>", "add a <sessions> section")
        return tuple(session for session in sessions if session is not None), options
