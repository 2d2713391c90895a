"""``python -m gradflow``: what it learns, what it leaves behind, and how it ends."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

for _needed in ("sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(_needed, exc_type=ImportError)

import gradflow as gf
from gradflow import train
from gradflow.__main__ import main
from gradflow.backend import cuda_is_available

pytestmark = pytest.mark.cpu_only("the program is told its device on its command line")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def accuracy(out: str) -> float:
    """The per cent that the table ends with."""
    (line,) = (line for line in out.splitlines() if line.startswith("test accuracy"))
    return float(line.split()[2].rstrip("%"))


def png_size(path: Path) -> tuple[int, int]:
    """Width and height as the header of a PNG says them."""
    head = path.read_bytes()
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert head[12:16] == b"IHDR"
    assert head[-8:-4] == b"IEND"
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


# --- what it learns -------------------------------------------------------------------------------------------------------


def test_main_job_reads_97_per_cent_of_unseen_digits(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert accuracy(out) >= 97
    assert err == ""
    width, height = png_size(tmp_path / "digits.png")
    assert 1000 <= width <= 2500 and 600 <= height <= 2000
    assert [p.name for p in tmp_path.iterdir()] == ["digits.png"]


FEW = "adam", "sgd"


@pytest.mark.parametrize("optimizer", [pytest.param(o, marks=[pytest.mark.slow] * (o not in FEW)) for o in train.optimizers()])
def test_every_optimizer_learns(optimizer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--epochs", "2", "--optimizer", optimizer]) == 0
    assert accuracy(capsys.readouterr().out) >= 85


def test_same_seed_same_run_and_another_seed_another() -> None:
    rows = []
    for seed in (3, 3, 4):
        task = train.prepare(train.Settings(epochs=1, seed=seed))
        assert train.learn(task) is False
        rows.append(task.rows)
    assert rows[0] == rows[1] != rows[2]


def test_split_is_fixed_stratified_and_without_overlap() -> None:
    learnt, kept = train.load()
    gf.manual_seed(5)
    np.random.seed(5)
    again, kept_again = train.load()
    assert gf.equal(learnt.images, again.images) and gf.equal(kept.images, kept_again.images)
    assert (len(learnt.labels), len(kept.labels)) == (1347, 450)
    counts = np.bincount(kept.labels.numpy())
    assert counts.min() >= 43 and counts.max() <= 47
    pixels = (kept.images.numpy() * 16).astype(np.uint8)
    assert hashlib.sha256(pixels.tobytes()).hexdigest()[:16] == "743c779ad07134c7"  # another if other digits are kept aside
    assert not {x.tobytes() for x in learnt.images.numpy()} & {x.tobytes() for x in kept.images.numpy()}


def test_distortion_keeps_form_and_changes_every_image() -> None:
    images = train.load()[0].images[:50]
    moved = train.distorted(images)
    assert moved.shape == images.shape and moved.dtype == images.dtype
    assert bool(((moved >= 0) & (moved <= 1.0001)).all())
    assert bool(((moved - images).abs().amax(dim=1) > 0.01).all())


def test_schedule_rises_then_falls_to_zero() -> None:
    rates = [train.schedule(done) for done in np.linspace(0, 1, 101)]
    assert 0 < rates[0] < max(rates) <= 1
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1]) and rates[top:] == sorted(rates[top:], reverse=True)


def test_saved_weights_give_the_same_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--epochs", "1", "--save", "w.npz", "--out", "p.svg"]) == 0
    reached = accuracy(capsys.readouterr().out)
    with np.load(tmp_path / "w.npz") as weights:
        model = train.network()
        model.load_state_dict({name: gf.tensor(weights[name]) for name in weights.files})
    assert 100 * train.judge(model, train.load()[1])[1] == pytest.approx(reached, abs=0.01)
    assert "<svg" in (tmp_path / "p.svg").read_text(encoding="utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.svg", "w.npz"]


def test_no_epochs_is_the_untrained_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--epochs", "0"]) == 0
    assert accuracy(capsys.readouterr().out) < 40
    assert png_size(tmp_path / "digits.png")[0] >= 1000


def test_one_batch_of_everything_and_the_smallest_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["--epochs", "1", "--batch-size", "1347"]) == 0
    task = train.prepare(train.Settings(batch_size=2, epochs=1))
    assert task.steps_per_epoch == 673
    assert np.isfinite(train.step(task, task.train.images[:2], task.train.labels[:2]))


@pytest.mark.gpu
def test_on_cuda(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--device", "cuda", "--epochs", "5"]) == 0
    assert accuracy(capsys.readouterr().out) >= 92


# --- how it ends ------------------------------------------------------------------------------------------------------------

NONSENSE = {
    "--lr 0": "--lr must be a number above 0",
    "--lr -1": "--lr must be a number above 0",
    "--lr nan": "--lr must be a number above 0",
    "--lr inf": "--lr must be a number above 0",
    "--lr fast": "invalid float value: 'fast'",
    "--batch-size 0": "--batch-size must be at least 2",
    "--batch-size 1": "--batch-size must be at least 2",
    "--batch-size 1348": "--batch-size must be at most 1347",
    "--epochs -1": "--epochs must be a whole number from 0",
    "--epochs 1.5": "invalid int value: '1.5'",
    "--seed -1": "--seed must be a whole number from 0",
    "--optimizer magic": "magic is not one of adam, ",
    "--device tpu": "'tpu' is not a device",
    "--out missing/p.png": "there is no folder 'missing'",
    "--out picture": "ends in .png or .jpg",
    "--out picture.txt": "ends in .png or .jpg",
    "--out folder.png": "cannot be written",
    "--save weights.png": "ends in .npz",
    "--save missing/w.npz": "there is no folder 'missing'",
    "--speed 3": "there is no option --speed",
    "train fly": "'fly' is too much",
    "fly": "'fly' is not something to do",
}


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr with which these arguments end, before any training."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("python -m gradflow: ")
    assert not list(Path().glob("*.npz")) and not [p for p in Path().glob("*.png") if p.is_file()]
    return err


@pytest.mark.parametrize("arguments", NONSENSE)
def test_nonsense_ends_in_one_line(arguments: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    assert NONSENSE[arguments] in refused(arguments.split(), capsys)


@pytest.mark.skipif(cuda_is_available(), reason="there is a CUDA device here")
def test_cuda_that_is_not_there_ends_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "device 'cuda' needs" in refused(["--device", "cuda"], capsys)


@pytest.mark.parametrize(("module", "package"), [("sklearn", "scikit-learn"), ("matplotlib", "matplotlib"), ("tqdm", "tqdm")])
def test_missing_package_is_named(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    line = refused([], capsys)
    assert f"needs {package}, " in line and "pip install 'gradflow-autograd[demo]'" in line


def test_folder_without_permission(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def denied(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(train.tempfile, "TemporaryFile", denied)
    assert "'digits.png' cannot be written (Permission denied)" in refused([], capsys)


def test_loss_that_grows_beyond_numbers_ends_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lr", "1e30", "--epochs", "1"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "the loss is " in err and "try --lr 0.003" in err


def test_disk_that_is_full_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(train._train_picture, "picture", full)
    assert main(["--epochs", "0"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    options = ("--device", "--optimizer", "--lr", "--batch-size", "--epochs", "--seed", "--out", "--save", "Ctrl-C")
    assert all(option in text for option in options)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith(f"gradflow {gf.__version__} ")


# --- Ctrl-C -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [0, pytest.param(3, marks=pytest.mark.slow), pytest.param(50, marks=pytest.mark.slow)])
def test_interrupt_keeps_what_was_learnt(
    steps: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    step = train.step

    def interrupted(task: train.Task, images: gf.Tensor, labels: gf.Tensor) -> float:
        if len(task.losses) == steps:
            raise KeyboardInterrupt
        return step(task, images, labels)

    monkeypatch.setattr(train, "step", interrupted)
    assert main(["--save", "w.npz"]) == 130
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and "interrupted after" in err
    assert f"{steps} steps" in out
    if steps == 50:
        assert accuracy(out) > 80
    assert png_size(tmp_path / "digits.png")[0] >= 1000
    assert (tmp_path / "w.npz").stat().st_size > 100_000


def test_interrupt_before_training(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(device: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "load", interrupted)
    assert main([]) == 130
    assert capsys.readouterr().err == "python -m gradflow: interrupted; no picture was saved\n"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_real_ctrl_c(tmp_path: Path) -> None:
    # A shell that starts jobs in the background has them ignore SIGINT; here it must be heard.
    program = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program += "runpy.run_module('gradflow', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", program, "train", "--epochs", "100000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        shown = ""
        for line in process.stdout:
            shown += line
            if line.split()[:1] == ["1"]:  # the row of the first epoch
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.count("\n") == 1 and "interrupted after" in err  # and no bar, for this is no terminal
    assert accuracy(shown + out) > 80
    assert png_size(tmp_path / "digits.png")[0] >= 1000


def test_import_gradflow_loads_nothing_of_it() -> None:
    program = "import sys, gradflow; print([m for m in ('sklearn', 'matplotlib', 'tqdm', 'gradflow.train') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
