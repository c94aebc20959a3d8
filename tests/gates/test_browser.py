"""JupyterLab in a real browser: notebooks run to their end, knobs turn, nothing leaves the machine.

A failed test leaves a picture of the page in `screenshots/`.
"""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import tutorial
from tools import contents

# The first, one of each family, and the page of all explorers: which one is turned in each.
NOTEBOOKS = {
    "start_here": "Shape walk",
    "training": "What is read, back on the input",
    "mask_units": "Mask units",
    "distillation_token": "One photograph, three families",
    "explore": "Fourier features",
}
TAKES_A_PICTURE = ("training", "distillation_token")
FILES = {row.name: row.file for row in contents.read()}
SCREENSHOTS = tutorial.ROOT / "screenshots"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
MISSING = (
    "no Chromium here: expected chromium, chromium-browser or google-chrome"
    if not CHROMIUM
    else tutorial.what_is_missing(tutorial.ENVIRONMENT)
)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]  # one server, not two

RUN_ALL = """async () => {
    const notebook = window.jupyterapp.shell.currentWidget;
    await notebook.context.ready;
    await notebook.sessionContext.ready;
    await notebook.sessionContext.session.kernel.info;
    await window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs');
    return await window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
CODE_CELLS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .filter(cell => cell.cell_type === 'code')
    .map(cell => ({count: cell.execution_count, kinds: cell.outputs.map(o => o.output_type)}))"""
END_KERNEL = """async () => {
    const notebook = window.jupyterapp.shell.currentWidget;
    await notebook.sessionContext.shutdown();
    notebook.context.model.dirty = false;
    notebook.close();
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address of a JupyterLab that shares no settings with the user's own."""
    if MISSING:
        (pytest.fail if os.environ.get("CI_REQUIRE_BROWSER") == "1" else pytest.skip)(MISSING)
    home = tmp_path_factory.mktemp("jupyter")
    names = ("config", "data", "runtime")
    private = {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in names}
    never_save = home / "config/lab/user-settings/@jupyterlab/docmanager-extension"
    never_save.mkdir(parents=True)
    (never_save / "plugin.jupyterlab-settings").write_text('{"autosave": false}')
    process = subprocess.Popen(lab_command(free_port()), env=os.environ | private)
    try:
        yield address(process, home / "runtime")
    finally:
        end(process)


def end(process: subprocess.Popen) -> None:
    """Ask a server to stop; now and then one that just lost its browser never does."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def lab_command(port: int) -> list[str]:
    """What a reader would type, with a fixed port and a way in for the test."""
    options = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=course"]
    expose = "--LabApp.expose_app_in_browser=True"
    program = str(tutorial.ROOT / "tutorial.py")
    return [sys.executable, program, "lab", "--no-browser", *options, expose]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def address(process: subprocess.Popen, runtime: Path, patience: float = 60) -> str:
    """Wait until the server has written where it is."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            return json.loads(path.read_text())["url"]
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start: exit status {process.poll()}")


@pytest.fixture(scope="module")
def browser(server, tmp_path_factory):
    """A browser on the server; `browser.outside` lists the requests that left this machine."""
    from playwright.sync_api import sync_playwright

    quiet = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
    profile = tmp_path_factory.mktemp("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=quiet, viewport={"width": 1300, "height": 900}
        )
        browser.server, browser.outside = server, []
        browser.on("request", lambda request: note(request.url, browser.outside))
        yield browser
        browser.close()


def note(url: str, outside: list[str]) -> None:
    """Keep an address that is not on this machine."""
    if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
        outside.append(url)


@pytest.fixture(scope="module", params=NOTEBOOKS)
def page(browser, request):
    """A notebook, open in the browser; `page.explorer` is an explorer in it, once it has run."""
    page = browser.new_page()
    title = NOTEBOOKS[request.param]
    page.explorer = page.locator(".explorer", has=page.locator("b", has_text=title)).first
    place = (
        f"lab/workspaces/{request.param}/tree/notebooks/{FILES[request.param]}.ipynb?token=course"
    )
    page.goto(f"{browser.server}{place}", wait_until="domcontentloaded")
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell", timeout=60_000)
    yield page
    page.evaluate(END_KERNEL)
    page.close()


@pytest.fixture(autouse=True)
def screenshot(request):
    """Keep a picture of the page where a test failed."""
    page = request.getfixturevalue("page")
    before = request.session.testsfailed
    yield
    if request.session.testsfailed > before:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{request.node.name}.png")


def test_all_cells_run_to_the_end(page):
    assert page.evaluate(RUN_ALL) is True
    cells = page.evaluate(CODE_CELLS)
    assert cells
    assert all(cell["count"] for cell in cells), cells
    assert not [cell for cell in cells if "error" in cell["kinds"]]


def test_a_knob_turned_by_keyboard_changes_the_picture(page):
    before = picture(page)
    knob = page.explorer.locator(".noUi-handle").first
    knob.focus()
    page.keyboard.press("ArrowRight")
    assert is_changed(page, before)


@pytest.mark.parametrize("page", TAKES_A_PICTURE, indirect=True)
def test_an_uploaded_picture_changes_what_is_shown(page):
    before = picture(page)
    with page.expect_file_chooser() as chooser:
        page.explorer.locator(".widget-upload").first.click()
    chooser.value.set_files({"name": "mine.png", "mimeType": "image/png", "buffer": two_colours()})
    assert is_changed(page, before)


def test_an_explorer_fits_into_800_pixels(page):
    assert page.explorer.bounding_box()["width"] <= 800
    assert page.explorer.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_every_picture_of_an_explorer_has_alt_text(page):
    told = page.locator(".explorer img").evaluate_all("all => all.map(image => image.alt)")
    assert told
    assert all(told)


def test_nothing_pops_up(page):
    page.wait_for_timeout(1500)  # a question about news comes late
    assert page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts() == []


def test_no_request_leaves_this_machine(page, browser):
    assert page.url.startswith("http://127.0.0.1:")
    assert browser.outside == []


def test_the_extension_manager_is_off(page):
    assert page.locator("[data-id='extensionmanager.main-view']").count() == 0


def picture(page) -> str:
    """The address of what the explorer shows, which holds the picture itself."""
    return page.explorer.locator("img").first.get_attribute("src")


def is_changed(page, before: str, patience: float = 5) -> bool:
    """Whether the explorer shows something else, now or soon."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if picture(page) != before:
            return True
        page.wait_for_timeout(50)
    return False


def two_colours() -> bytes:
    """A PNG, black on the left and white on the right."""
    image = Image.new("RGB", (64, 64), "white")
    image.paste("black", (0, 0, 32, 64))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
