"""What pip installs works: packages and data, in a new environment, from another folder."""

import os
import subprocess
import sys
import sysconfig
import textwrap
import venv
from pathlib import Path

import pytest

import tutorial

HERE = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
CLEAN = {name: value for name, value in os.environ.items() if name not in HERE}
pytestmark = pytest.mark.xdist_group("wheel")  # built once


def pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=CLEAN)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """A new environment with the wheel; other packages come from this one, the checkout does not.

    A folder that a .pth file names is searched, but the .pth files in it are not read: so the
    editable installation of the course stays unknown there.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", tutorial.ROOT, "--no-deps", "--no-build-isolation", "--no-index", "-w", folder)
    new = folder / "environment"
    venv.create(new)
    (packages,) = new.rglob("site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    python = tutorial.interpreter(new)
    options = ("--no-deps", "--no-index", "--ignore-installed")
    pip("--python", python, "install", *options, next(folder.glob("*.whl")))
    return new


def run(environment: Path, *words: str | Path) -> str:
    """What a program in the environment prints, started in another folder."""
    program = tutorial.interpreter(environment).with_name(str(words[0]))
    done = subprocess.run(
        [program, *words[1:]], cwd=environment, env=CLEAN, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(environment: Path, code: str) -> str:
    return run(environment, "python", "-c", textwrap.dedent(code))


def test_both_packages_come_from_the_wheel(environment):
    code = "import perceiver_course as c, perceiver_tutorial as t; print(c.__file__, t.__file__)"
    for file in python(environment, code).split():
        assert Path(file).is_relative_to(environment)


def test_all_data_are_in_the_wheel(environment):
    code = "from perceiver_course.kit import DATA; print(DATA)"
    installed = Path(python(environment, code).strip())
    assert installed.is_relative_to(environment)
    data = tutorial.ROOT / "data"
    there = [p.relative_to(data) for p in data.rglob("*") if p.is_file() and "cache" not in p.parts]
    assert there
    for name in there:
        assert (installed / name).read_bytes() == (data / name).read_bytes(), name


def test_a_claim_and_a_prediction_are_judged(environment):
    said = python(
        environment,
        """
        from perceiver_course import claim, predict
        from perceiver_tutorial import perceiver
        from perceiver_tutorial.tracing import walk
        config = perceiver.PUBLISHED["deepmind/vision-perceiver-fourier"]
        claim("pio.img-fourier.preprocessed-shape", walk(config)["preprocessor"].shape)
        predict("start.answer", (1, 1000))
        """,
    )
    assert "right: (1, 1000)" in said


def test_the_small_models_are_there_and_a_saved_one_is_loaded(environment):
    said = python(
        environment,
        """
        import torch
        from perceiver_course.recipes import trained
        from perceiver_tutorial import deit
        from perceiver_tutorial.checkpoints import load, save
        print(sum(weight.numel() for weight in trained("digits-fourier").parameters()))
        config = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 16), patch_size=8, num_classes=5)
        model, images = deit.build(config).eval(), torch.rand(2, 3, 16, 16)
        save(model, "saved")
        print(torch.equal(load("saved")(images).logits, model(images).logits))
        """,
    )
    assert said.split() == ["89403", "True"]


def test_the_command_line_walks(environment):
    said = run(environment, "perceiver-tutorial", "walk", "deepmind/optical-flow-perceiver")
    assert "(1, 2048, 512)" in said


def test_which_claims_are_checked_is_told_in_a_copy_of_the_course_only(environment):
    program = tutorial.interpreter(environment).with_name("perceiver-tutorial")
    done = subprocess.run([program, "claims"], cwd=environment, env=CLEAN, capture_output=True)
    assert done.returncode == 2
    assert b"Run it in a copy of the course." in done.stdout
