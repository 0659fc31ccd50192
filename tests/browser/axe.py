"""axe-core on a page, in light and dark: what a person with a keyboard, a screen reader or weak eyes stumbles over."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Unfold's own: headings begin at h2 below its title bar, and parts of its frame are in no landmark.
NOT_OURS = {"heading-order", "region", "page-has-heading-one", "landmark-one-main", "landmark-unique"}


def faults(page: Page, *, within: str) -> str:
    """Violations inside of `within` (a selector), one line for each place."""
    found = []
    for dark in (False, True):
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
        answer = Axe().run(page, context=within).response
        found += [
            f"{'dark' if dark else 'light'}: {fault['id']}: {node['html'][:150]}"
            for fault in answer["violations"]
            if fault["id"] not in NOT_OURS
            for node in fault["nodes"]
        ]
    page.evaluate("() => document.documentElement.classList.remove('dark')")
    return "\n".join(found)
