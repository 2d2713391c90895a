"""The benchmark in ci/bench: its statistics and checks, and tiny runs of it.  No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradflow.backend import cuda_is_available

CI = Path(__file__).resolve().parent.parent / "ci"
if not (CI / "bench").is_dir():
    pytest.skip("ci/ is not part of the source distribution", allow_module_level=True)

sys.path.insert(0, str(CI))
from bench import measure, plot, problems, report, rotation, starts
from bench.measure import Turn
from bench.peers import PEERS, Unsupported, installed
from bench.problems import Aim, Problem
from bench.rotation import Failed, Plan, Result

pytestmark = pytest.mark.cpu_only("its programs choose their device themselves")

PROBLEM = Problem("W2", "", "mlp", {}, (Aim("torch", 0.5),))


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CI / "bench"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


# --- statistics -----------------------------------------------------------------------------------------------------------


def test_quartiles() -> None:
    assert measure.quartiles([5.0, 1.0, 4.0, 2.0, 3.0]) == (3.0, 2.0, 4.0)
    assert measure.quartiles([7.0]) == (7.0, 7.0, 7.0)
    with pytest.raises(ValueError, match="nothing"):
        measure.quartiles([])


def test_a_summary_counts_all_steps() -> None:
    found = measure.summary([Turn([1.0, 2.0], 20, 30, 0.2), Turn([3.0], 10, 0, 0.0)])
    assert (found["median"], found["steps"], found["turns"]) == (2.0, 30, 2)
    assert found["faults"] == 1.0
    assert found["waited"] == pytest.approx(0.1)


def test_ratios_are_taken_round_by_round() -> None:
    ours, theirs = [Turn([t], 1) for t in (1.0, 2.0, 30.0)], [Turn([t], 1) for t in (2.0, 4.0, 60.0)]
    assert measure.ratio(ours, theirs) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [([1.0, 2.0], [1.0, 2.0], 0.0), ([1.0, 2.2], [1.0, 2.0], 0.1), ([], [], 0.0), ([1.0], [1.0, 2.0], np.inf),
     ([np.nan], [1.0], np.inf), ([1.0], [np.inf], np.inf)],
)  # fmt: skip
def test_difference(a: Any, b: Any, expected: float) -> None:
    assert measure.difference(a, b) == pytest.approx(expected)


def test_disagreement_is_found_and_named() -> None:
    values = {"torch": {"p": [1.0, 2.0]}, "gradflow": {"p": [1.0, 2.0], "x": [1.0]}, "jax": {"p": [1.0, 2.1]}}
    (said,) = measure.disagreements(values, 1e-3)
    assert "jax and torch differ in p by 5.0e-02" in said
    assert not measure.disagreements(values, 0.1)


# --- taking turns ---------------------------------------------------------------------------------------------------------


class Fake:
    """A library's process that knows its answers."""

    def __init__(self, name: str, result: float = 1.0, seconds: float = 1.0, **answers: Any) -> None:
        self.name, self.label, self.asked = name, PEERS[name].label, []
        self.answers = {"values": {"result": [result]}, "warm": seconds, "turn": Turn([seconds], 1), **answers}

    def ask(self, question: str, *arguments: Any) -> Any:
        self.asked.append(question)
        answer = self.answers.get(question)
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


PLAN = Plan(turn=0.0, rounds=5, patience=1.0, pause=0.0)


def test_libraries_take_turns_and_an_aim_is_judged() -> None:
    ours, theirs = Fake("gradflow", seconds=1.0), Fake("torch", seconds=4.0)
    result = rotation.run(PROBLEM, [ours, theirs], PLAN)
    assert not result.errors
    assert ours.asked.count("turn") == theirs.asked.count("turn") == 5
    assert result.found["gradflow"]["ratios"]["torch"] == (0.25, 0.25, 0.25)
    assert result.verdicts() == {"torch": "reached"}
    assert ours.asked[-1] == "drop"


def test_a_missed_aim_is_told() -> None:
    result = rotation.run(PROBLEM, [Fake("gradflow", seconds=3.0), Fake("torch", seconds=4.0)], PLAN)
    assert result.verdicts() == {"torch": "missed"}
    assert any("aim 0.50: missed" in line for line in report.lines(result))


def test_libraries_that_disagree_are_not_timed() -> None:
    ours = Fake("gradflow", result=1.5)
    result = rotation.run(PROBLEM, [ours, Fake("torch")], PLAN)
    assert "differ in result" in result.errors[0]
    assert not result.found
    assert "turn" not in ours.asked
    assert any("FAILED" in line for line in report.lines(result))


def test_a_library_without_the_problem_or_with_an_error_is_skipped_but_gradflow() -> None:
    lacking, broken = Fake("mygrad", build=Unsupported("has none")), Fake("jax", build=Failed("no memory"))
    result = rotation.run(PROBLEM, [Fake("gradflow"), lacking], PLAN)
    assert result.skipped == {"mygrad": "has none"}
    assert list(result.found) == ["gradflow"]
    assert rotation.run(PROBLEM, [Fake("gradflow"), broken], PLAN).skipped == {"jax": "no memory"}
    assert rotation.run(PROBLEM, [Fake("gradflow", build=Failed("no memory"))], PLAN).errors == ["gradflow: no memory"]


def test_three_rounds_are_enough_after_the_deadline() -> None:
    ours = Fake("gradflow")
    rotation.run(PROBLEM, [ours], PLAN, deadline=0.0)
    assert ours.asked.count("turn") == 3


def test_a_spoilt_turn_is_repeated() -> None:
    spoilt, good = Turn([9.0], 1, waited=0.9), Turn([1.0], 1)
    ours = Fake("gradflow", turn=[spoilt, good, good, good, good, good])
    result = rotation.run(PROBLEM, [ours], PLAN)
    assert result.found["gradflow"]["upper"] == 1.0
    assert not result.spoilt("gradflow")


def test_without_patience_a_spoilt_aim_is_undecided() -> None:
    ours, theirs = Fake("gradflow", turn=Turn([1.0], 1, waited=0.9)), Fake("torch", seconds=4.0)
    result = rotation.run(PROBLEM, [ours, theirs], Plan(0.0, 3, 0.0, 0.0))
    assert result.spoilt("torch")
    assert result.verdicts() == {"torch": "undecided"}


# --- problems and peers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_problems(device: str) -> None:
    known = problems.problems(device)
    assert len({p.title for p in known}) == len(known)
    assert {p.group for p in known} == {f"W{n}" for n in range(1, 8)}
    assert {aim.peer for p in known for aim in p.aims} <= {n for n, e in PEERS.items() if device in e.devices}
    for p in map(problems.tiny, known):
        assert p.kind != "optimizer" or p.size["count"] * p.size["each"] <= 600


@pytest.mark.parametrize("kind", ["mlp", "residual", "conv"])
def test_numbers_are_the_same_each_time_and_float32(kind: str) -> None:
    problem = problems.tiny(next(p for p in problems.problems("cpu") if p.kind == kind))
    first, second = problems.network_numbers(problem), problems.network_numbers(problem)
    for a, b in zip([first.x, *first.parameters], [second.x, *second.parameters], strict=True):
        assert a.dtype == np.float32
        np.testing.assert_array_equal(a, b)


def test_every_peer_has_an_adapter() -> None:
    folder = CI / "bench" / "peers"
    for entry in PEERS.values():
        module, _, cls = entry.where.partition(":")
        assert f"class {cls}(" in (folder / f"{module}.py").read_text(encoding="utf-8")
    assert installed("gradflow")
    assert installed("cupy", given=("cupy",))


def test_verdicts_on_new_processes() -> None:
    found = {"gradflow": {"first": (0.1, 0.1, 0.1), "peak_mb": 3.0}, "torch": {"first": (1.0, 1.0, 1.0), "peak_mb": 2.0}}
    assert starts.verdicts(found) == {"first": "reached", "peak_mb": "missed"}
    assert starts.verdicts({"gradflow": found["gradflow"]}) == {}


def test_a_file_is_named_by_its_device() -> None:
    assert report.file_name("NVIDIA H100 80GB HBM3") == "nvidia-h100-80gb-hbm3"
    assert report.file_name(None).startswith("cpu-")


def test_a_picture_of_what_was_found(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = rotation.run(PROBLEM, [Fake("gradflow", seconds=1.0), Fake("torch", seconds=4.0)], PLAN)
    data = report.as_data({"device": "none"}, [result], {})
    assert plot.save(tmp_path / "some.png", data)
    assert (tmp_path / "some.png").stat().st_size > 1000
    assert not plot.save(tmp_path / "none.png", report.as_data({"device": "none"}, [Result(PROBLEM)], {}))


# --- tiny runs ------------------------------------------------------------------------------------------------------------


def run_to(folder: Path, *arguments: str) -> dict[str, Any]:
    """The file that a tiny run writes."""
    done = bench("--tiny", "--save", str(folder), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = folder.glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_small_workloads_with_all_that_is_installed(tmp_path: Path) -> None:
    found = run_to(tmp_path, "--only", "W1,W2")
    assert [w["group"] for w in found["workloads"]] == ["W1", "W1", "W2"]
    for w in found["workloads"]:
        assert not w["errors"]
        assert {"gradflow", "hand"} <= set(w["found"])
        assert w["found"]["gradflow"]["median"] > 0
        assert w["found"]["gradflow"]["ratios"]["hand"][0] > 0


@pytest.mark.slow
def test_networks_optimizers_and_second_derivatives_agree_with_those_by_hand(tmp_path: Path) -> None:
    found = run_to(tmp_path, "--only", "W3,W4,W5,W6,W7", "--peers", "gradflow,hand")
    assert len(found["workloads"]) == 18
    for w in found["workloads"]:
        assert not w["errors"], w
        assert {"gradflow", "hand"} <= set(w["found"])


@pytest.mark.slow
def test_new_processes(tmp_path: Path) -> None:
    found = run_to(tmp_path, "--only", "W8", "--peers", "gradflow,hand")["starts"]
    assert found["gradflow"]["first"][0] > 0
    assert 0 < found["gradflow"]["installed_mb"] < 10
    assert found["gradflow"]["peak_mb"] is None or found["gradflow"]["peak_mb"] > 0


@pytest.mark.slow
@pytest.mark.skipif(cuda_is_available(), reason="there is a GPU, or something in its place")
def test_the_program_for_cuda_runs_on_the_stand_in(tmp_path: Path) -> None:
    pytest.importorskip("cupy_stand_in")
    found = run_to(tmp_path, "--device", "cuda", "--stand-in", "--only", "W2,W3,W5,W7", "--peers", "gradflow,cupy")
    assert found["device"] == "stand-in"
    for w in found["workloads"]:
        assert not w["errors"], w
        assert {"gradflow", "cupy"} <= set(w["found"])


@pytest.mark.skipif(cuda_is_available(), reason="there is a GPU, or something in its place")
@pytest.mark.parametrize("program", ["bench", "gpu"])
def test_without_a_gpu_one_clear_message(program: str) -> None:
    if program == "bench":
        done = bench("--device", "cuda", "--only", "W2", "--peers", "gradflow")
    else:
        done = subprocess.run([sys.executable, str(CI / "gpu")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"ci/{program}" in done.stderr
    assert any(word in done.stderr for word in ("needs CuPy", "no NVIDIA driver", "no GPU"))


def test_names_that_do_not_exist() -> None:
    done = bench("--only", "W9")
    assert done.returncode == 1
    assert "no such workload: W9" in done.stderr
    assert "no such library" in bench("--peers", "tensorflow").stderr
