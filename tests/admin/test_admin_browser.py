"""The dashboard in a real browser: refused with the remedy, switched, without JavaScript, by keyboard, checked by axe."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.server import Server
from support.site import make_site
from support.tools import absent, tool

ROOT = Path(__file__).parents[2]
#: What the pages looked like; kept for people.
PICTURES = ROOT / "var" / "screenshots"
AXE = ROOT / ".venv" / "axe" / "package" / "axe.min.js"
NEXT = "dual-write-cif-read"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = tool("chromium", "chromium")
    PICTURES.mkdir(parents=True, exist_ok=True)
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        yield opened
        opened.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A service whose database has no schema yet."""
    made = Server(make_site(tmp_path, f"sqlite:///{tmp_path}/messages.db"), "cif-only")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that nobody changes."""
    root = tmp_path_factory.mktemp("looked-at")
    made = Server(make_site(root, f"sqlite:///{root}/messages.db"), "cif-only")
    yield made
    made.stop()


def page_of(browser: Browser, server: Server, **more: Any) -> Page:
    """Open a window that knows a token, as the password of any name."""
    credentials: Any = {"username": "operator", "password": server.secret, "send": "always"}
    context = browser.new_context(base_url=server.address, http_credentials=credentials, **more)
    return context.new_page()


def fill_in(page: Page, name: str, reason: str) -> None:
    page.get_by_label("Type the name of the profile").fill(name)
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=f"Switch to {NEXT}").click()


def test_an_operator_is_refused_with_the_remedy_mends_it_and_switches(browser: Browser, server: Server) -> None:
    page = page_of(browser, server)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/admin/")
    expect(page.locator("[aria-current=step]")).to_contain_text("cif-only")
    needs = page.get_by_role("region", name=f"Next: {NEXT}")
    expect(needs).to_contain_text("run `msgmodule db init`")
    page.screenshot(path=PICTURES / "dashboard-refused.png", full_page=True)

    page.get_by_role("link", name=f"Go on to {NEXT} …").click()
    fill_in(page, NEXT, "phase 1 begins")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was switched.")
    expect(page.get_by_role("alert")).to_contain_text("msgmodule db init")
    page.screenshot(path=PICTURES / "step-refused.png", full_page=True)

    server.site.initialise()
    page.reload() if page.url.endswith("/admin/") else page.goto(f"/admin/steps/{NEXT}")
    expect(page.locator("#needs")).not_to_contain_text("fails")
    fill_in(page, NEXT, "phase 1 begins")
    expect(page).to_have_url(f"{server.address}/admin/")
    expect(page.locator("[aria-current=step]")).to_contain_text(NEXT)
    trail = page.get_by_role("region", name="Audit trail").first
    expect(trail).to_contain_text(f"switch from cif-only to {NEXT}")
    expect(trail).to_contain_text("phase 1 begins")
    page.screenshot(path=PICTURES / "dashboard-switched.png", full_page=True)
    assert [text for text in complaints if "409" not in text] == []


def test_the_page_is_refreshed_while_it_lies_open(browser: Browser, server: Server) -> None:
    server.site.initialise()
    page = page_of(browser, server)
    page.clock.install()
    page.goto("/admin/")
    server.ask("/admin/profile", {"to": NEXT, "expected_epoch": 1, "reason": "by another operator"})
    with page.expect_response("**/admin/"):
        page.clock.fast_forward(11_000)
    expect(page.locator("h1")).to_have_text(NEXT)
    expect(page.locator("#trail").locator("..")).to_contain_text("by another operator")


def test_everything_can_be_read_and_done_without_javascript(browser: Browser, server: Server) -> None:
    server.site.initialise()
    page = page_of(browser, server, java_script_enabled=False)
    page.goto("/admin/")
    assert "cif-only" in page.locator("[aria-current=step]").inner_text()
    assert "first start" in page.locator("#trail").locator("..").inner_text()
    page.get_by_role("link", name="Health checks").click()
    assert "cif_probe" in page.locator("main").inner_text()
    page.goto(f"/admin/steps/{NEXT}")
    assert "database_usable" in page.locator("#needs").inner_text()
    fill_in(page, NEXT, "without a script")
    assert page.locator("h1").inner_text() == NEXT


@pytest.mark.parametrize(
    ("look", "paths"),
    [
        ({"color_scheme": "light"}, ("", "checks", f"steps/{NEXT}")),
        ({"color_scheme": "dark"}, ("", f"steps/{NEXT}")),
        ({"viewport": {"width": 390, "height": 844}}, ("",)),
    ],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_no_serious_violation(
    browser: Browser, looked_at: Server, look: dict[str, Any], paths: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    if not AXE.exists():
        absent(f"{AXE} is not there; run `make axe`")
    page = page_of(browser, looked_at, **look)
    for path in paths:
        page.goto(f"/admin/{path}", wait_until="networkidle")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run()")["violations"]
        told = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]
        assert told == [], path
        name = f"{request.node.callspec.id}-{path.split('/')[0] or 'dashboard'}.png"
        page.screenshot(path=PICTURES / name, full_page=True)


def test_a_keyboard_reaches_the_content_first_and_then_everything(browser: Browser, looked_at: Server) -> None:
    page = page_of(browser, looked_at)
    page.goto(f"/admin/steps/{NEXT}")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
    assert reached[:2] == ["typed", "reason"]
    assert "BUTTON" in reached
