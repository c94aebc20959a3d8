"""JupyterLab in a real browser: notebook 00 runs to its end, and nothing asks for the network."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tutorial

NOTEBOOK = "notebooks/00_start_here.ipynb"
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
    return [
        sys.executable,
        str(tutorial.ROOT / "tutorial.py"),
        "lab",
        "--no-browser",
        *options,
        expose,
    ]


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
def page(server, tmp_path_factory):
    """The notebook, open in a browser; `page.outside` lists the requests that left this machine."""
    from playwright.sync_api import sync_playwright

    quiet = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
    profile = tmp_path_factory.mktemp("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=quiet, viewport={"width": 1300, "height": 900}
        )
        page, page.outside = browser.new_page(), []
        browser.on("request", lambda request: note(request.url, page.outside))
        page.goto(f"{server}lab/tree/{NOTEBOOK}?token=course", wait_until="domcontentloaded")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell", timeout=60_000)
        yield page
        browser.close()


def note(url: str, outside: list[str]) -> None:
    """Keep an address that is not on this machine."""
    if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
        outside.append(url)


def test_notebook_00_runs_to_its_end(page):
    assert page.evaluate(RUN_ALL) is True
    cells = page.evaluate(CODE_CELLS)
    assert cells
    assert all(cell["count"] for cell in cells), cells
    assert not [cell for cell in cells if "error" in cell["kinds"]]


def test_nothing_pops_up(page):
    page.wait_for_timeout(1500)  # a question about news comes late
    assert page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts() == []


def test_no_request_leaves_this_machine(page):
    assert page.outside == []


def test_the_extension_manager_is_off(page):
    assert page.locator("[data-id='extensionmanager.main-view']").count() == 0
