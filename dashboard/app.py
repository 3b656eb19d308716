"""The dashboard's entry: `streamlit run dashboard/app.py`; the environment says where marts are."""

import os
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

# Streamlit puts the folder of this script on the path; the package is found from the one above.
_ROOT = str(Path(__file__).resolve().parents[1])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from dashboard import markup, overview  # noqa: E402 - needs the path above
from dashboard.marts import MartsUnavailableError, place_of  # noqa: E402 - likewise


def main() -> None:
    theme = Path(__file__).with_name("theme")
    st.set_page_config(page_title="Paceline", page_icon=str(theme / "icon.svg"), layout="wide")
    st.html(theme / "page.css")
    try:
        marts = place_of(os.environ)
    except MartsUnavailableError as reason:
        st.html(markup.waiting(reason.title, str(reason)))
        return
    pages = [
        st.Page(
            lambda: overview.show(marts, _readers_clock),
            title="Overview",
            url_path="overview",
            default=True,
        )
    ]
    st.navigation(pages, position="top").run()


def _readers_clock() -> datetime:
    """The time in the zone of the browser, or of this machine where the browser names none."""
    try:
        return datetime.now(ZoneInfo(st.context.timezone or ""))
    except (ValueError, ZoneInfoNotFoundError):
        return datetime.now().astimezone()


if __name__ == "__main__":
    main()
