"""Make .venv from the lock: ``python3 requirements/install.py runtime`` (or ``dev``).

Needs only Python's standard library. A second call finds its stamp and returns at once; another
lock, Python or place installs again. A set-up that was killed is started over, because a half
unpacked package looks installed to pip.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
VENV = ROOT / ".venv"
STATE = VENV / ".footnote"
UNFINISHED = STATE / "unfinished"
LOG = STATE / "install.log"
PYTHON = VENV / "bin" / "python"
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"


def require_python() -> None:
    """Go on with a Python that is new enough, or say which one is needed."""
    if sys.version_info >= OLDEST:
        return
    for minor in (13, 12, 11, 14):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606  # this program, a newer Python
    sys.exit(
        f"Footnote needs Python 3.11 or newer; python3 here is {platform.python_version()}. "
        "Install a newer one, or name it: make demo PYTHON=/path/to/python3.12"
    )


def fingerprint(lock: Path) -> str:
    """What the installed packages depend on: lock, torch, project metadata, Python, place."""
    import tomllib  # noqa: PLC0415  # only there once the Python is new enough

    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = {
        "lock": lock.read_text(encoding="utf-8"),
        "torch": (LOCKS / "torch.version").read_text(encoding="utf-8"),
        "project": [pyproject["project"], pyproject["build-system"]],
        "python": platform.python_version(),
        "place": str(ROOT),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def pip(what: str, *arguments: str, packages: int = 0, may_fail: bool = False) -> bool:
    """Run pip with one line of progress; its full output goes to the log.

    Compiling every module to bytecode would take as long as the install; Python does it lazily.
    """
    started = time.monotonic()
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    live = sys.stdout.isatty()
    seen = 0
    if live:
        print(f"  {what} …", end="", flush=True)
    with LOG.open("a", encoding="utf-8") as log:
        process = subprocess.Popen(  # noqa: S603  # our own arguments
            [*command, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        for line in process.stdout or ():
            log.write(line)
            if line.startswith(("Collecting ", "Processing ", "Requirement already", "Installing")):
                seen += 1
                doing = "unpacking" if line.startswith("Installing") else f"{seen}/{packages}"
                if live and packages:
                    print(f"\r\033[K  {what} … {doing}", end="", flush=True)
        good = process.wait() == 0
    result = f"{time.monotonic() - started:.0f} s" if good else "not possible"
    print(f"{chr(13) + chr(27) + '[K' if live else ''}  {what}: {result}", flush=True)
    if not good and not may_fail:
        UNFINISHED.unlink()  # pip gave up in order: what was installed before still works
        tail = LOG.read_text(encoding="utf-8").splitlines()[-15:]
        sys.exit(
            "\n".join(tail)
            + f"\n\nThe install stopped; all of pip's output is in {LOG.relative_to(ROOT)}. "
            "Check the network or the package index, then run the same command again."
        )
    return good


def install_torch() -> None:
    """PyTorch's CPU wheels where there is no GPU; what pip finds by itself otherwise.

    The registry's torch for Linux is the CUDA build: several gigabytes that a machine without a
    GPU has no use for. No retries and a short time-out: where the CPU index can't be reached, the
    build that pip finds works as well.
    """
    version = (LOCKS / "torch.version").read_text(encoding="utf-8").strip()
    if sys.platform == "linux" and shutil.which("nvidia-smi") is None:
        source = ("--index-url", CPU_WHEELS, "--retries", "0", "--timeout", "15", "--no-deps")
        if pip(f"PyTorch {version} for CPU", *source, f"torch=={version}", may_fail=True):
            return
    constraint = ("--constraint", str(LOCKS / "runtime.lock"))
    pip(f"PyTorch {version}", *constraint, f"torch=={version}")


def make_venv() -> None:
    """A .venv with pip; one that already works is kept."""
    if PYTHON.exists() and not UNFINISHED.exists():
        probe = [str(PYTHON), "-m", "pip", "--version"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:  # noqa: S603
            return
    if VENV.exists():
        print("  .venv is not whole: starting over", flush=True)
        shutil.rmtree(VENV)
    command = [sys.executable, "-m", "venv", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            f"{made.stdout}{made.stderr}\nPython can't make a virtual environment. "
            "On Debian and Ubuntu: apt install python3-venv"
        )


def install(which: str) -> None:
    """Bring .venv in line with a lock, unless it is already."""
    lock = LOCKS / f"{which}.lock"
    stamp = STATE / f"{which}.stamp"
    wanted = fingerprint(lock)
    if not UNFINISHED.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    started = time.monotonic()
    packages = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    print(f"Installing PyTorch and {packages} packages into .venv (once)", flush=True)
    make_venv()
    STATE.mkdir(exist_ok=True)
    UNFINISHED.touch()
    LOG.write_text("", encoding="utf-8")
    install_torch()
    pip("Locked packages", "--no-deps", "--requirement", str(lock), packages=packages)
    pip("Footnote", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp.write_text(wanted, encoding="utf-8")
    if which == "dev":  # dev.lock holds all of runtime.lock
        runtime = fingerprint(LOCKS / "runtime.lock")
        (STATE / "runtime.stamp").write_text(runtime, encoding="utf-8")
    UNFINISHED.unlink()
    print(f"Installed in {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    """Install what the command line names, one set-up at a time."""
    require_python()
    one_at_a_time = os.open(LOCKS, os.O_RDONLY)
    fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
    try:
        install(sys.argv[1] if len(sys.argv) > 1 else "runtime")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command starts over.")
    finally:
        os.close(one_at_a_time)


if __name__ == "__main__":
    main()
