"""What Tsung does and this version of pytsung does not do yet: one row each.

A row that changes the load is refused; one that adds none is warned about, and
the run starts. Whoever implements something removes its row, and nothing else here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytsung.protocols.room import Element

LATER = "remove it, or use a later version"
"""The cure for most of what is not supported."""


@dataclass(frozen=True, slots=True)
class Row:
    """An element, or an attribute of it, or some values of that attribute.

    `attribute=""` means the element itself, no `values` any value. `refused` rows
    end in a fault, the others in a warning.
    """

    element: str
    attribute: str = ""
    values: tuple[str, ...] = ()
    refused: bool = True
    cure: str = LATER

    def fits(self, element: Element) -> bool:
        """Whether the row speaks of this element, which has its name, as it is written."""
        if not self.attribute:
            return True
        value = element.get(self.attribute)
        if value is None or (self.element == "option" and element.get("type") is not None):
            return False
        return not self.values or value.strip().strip("'") in self.values

    def words(self, element: Element) -> str:
        """What stands there, `<server type="udp">`, without what is beside the point."""
        if not self.attribute:
            return f"<{self.element}>"
        return f'<{self.element} {self.attribute}="{element.get(self.attribute)}">'


ROWS = (
    # Sessions
    Row("dyn_variable", "pgsql_expr"),
    Row("change_type", "server_type", ("bosh", "bosh_ssl")),
    # Options
    Row("option", "name", ("max_ssh_startup_per_core",), refused=False),
    Row("option", "name", ("bosh_path", "job_notify_port"), refused=False),
    # Hosts
    Row("client", "scan_intf", cure="leave it out: the kernel chooses addresses"),
    Row("ip", "value", ("resolve",), cure="write the address itself"),
    Row("ip", "scan", ("true",), cure="write one <ip value> for each address"),
    Row("server", "type", ("bosh", "bosh_ssl")),
)


_BY_ELEMENT = {row.element: [each for each in ROWS if each.element == row.element] for row in ROWS}


def rows_for(element: Element) -> Iterator[Row]:
    """The rows that speak of an element."""
    return (row for row in _BY_ELEMENT.get(element.tag, ()) if row.fits(element))


def has_row(element: Element, attribute: str) -> bool:
    """Whether an attribute's value is spoken of, so that nobody need complain again."""
    return any(row.attribute == attribute for row in rows_for(element))
