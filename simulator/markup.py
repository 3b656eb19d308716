"""HTML in which every value is escaped unless it is markup already."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Markup; a plain string that meets it is escaped."""

    __slots__ = ()


def html(template: str, **values: object) -> Html:
    """The template with its {names} filled in."""
    return Html(template.format(**{name: _safe(value) for name, value in values.items()}))


def join(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Html:
    """Scrolls by itself where the screen is narrow."""
    head = join(html('<th scope="col">{text}</th>', text=text) for text in heads)
    body = join(
        html("<tr>{cells}</tr>", cells=join(html("<td>{cell}</td>", cell=cell) for cell in row))
        for row in rows
    )
    return html(
        '<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        "<tbody>{body}</tbody></table></div>",
        head=head,
        body=body,
    )


def _safe(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))
