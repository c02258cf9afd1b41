"""A Debian machine of its own for one test run: systemd boots in it as PID 1, and nothing of it is left afterwards.

``systemd-nspawn`` does the work, from a tree that ``debootstrap`` made. All writing goes to an overlay in memory.
The host need not run systemd itself; there the container gets control groups made and removed here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import ssl
import subprocess
import time
from pathlib import Path

SUITE = "bookworm"
PACKAGES = "systemd,systemd-sysv,dbus,python3-venv,python3-dev,build-essential,ca-certificates,curl,procps"
"""What docs/install-raspberry-pi.md installs, what a Raspberry Pi OS has anyway, and curl and ps to look with."""
_BOOT_S = 60.0
_STOP_S = 40.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HANDED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "http_proxy", "https_proxy", "no_proxy")


def why_not() -> str | None:
    """What this machine lacks; ``None``: a container can be booted."""
    if os.geteuid() != 0:
        return "a container needs root"
    missing = [name for name in ("systemd-nspawn", "debootstrap", "nsenter") if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)} (systemd-container, debootstrap, util-linux)" if missing else None


def make_tree(folder: Path) -> None:
    """A fresh Debian below ``folder``: minutes, and 0.8 GB. Raises ``CalledProcessError``."""
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(folder)], check=True)


class Container:
    """A booted machine. Its network is the host's, because the installation asks the package index."""

    def __init__(self, tree: Path, log: Path) -> None:
        """Boot. Raises ``TimeoutError`` with what the boot said when systemd does not come up."""
        self._name = f"edgeface-test-{os.getpid()}"
        self._log = log
        self._groups = [] if Path("/run/systemd/system").is_dir() else _make_groups(self._name)
        command = ["systemd-nspawn", "--boot", "--register=no", "--volatile=overlay", "--console=pipe"]
        if self._groups:
            command.append("--keep-unit")
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [*command, f"--directory={tree}", f"--machine={self._name}"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                preexec_fn=self._enter_groups,  # noqa: PLW1509 - before any thread that could hold a lock
                start_new_session=True,
            )
        try:
            self._leader = self._wait_for_boot()
            self._hand_on_certificates()
        except BaseException:
            self.close()
            raise

    def run(self, script: str, *, user: str = "root", check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a shell script inside. ``check``: raise ``AssertionError`` with its output when it fails."""
        shell = ["bash", "-c", script] if user == "root" else ["runuser", "-u", user, "--", "bash", "-c", script]
        handed = [f"{name}={os.environ[name]}" for name in _HANDED_ON if name in os.environ]
        environ = ["env", "-i", "HOME=/root", "LANG=C.UTF-8", f"PATH={_PATH}", *handed]
        done = self._enter([*environ, *shell])
        if check:
            assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done

    def write(self, path: str, content: bytes) -> None:
        """Write a file inside; one that is there keeps its owner and mode."""
        self._enter(["sh", "-c", 'mkdir -p "$(dirname "$0")" && cat > "$0"', path], content)

    def copy(self, source: Path, files: list[str], path: str) -> None:
        """Copy files below ``source`` into a folder inside."""
        packed = subprocess.run(
            ["tar", "-c", "--null", "-T", "-"],
            input="\0".join(files).encode(),
            stdout=subprocess.PIPE,
            cwd=source,
            check=True,
        )
        self._enter(["sh", "-c", 'mkdir -p "$0" && tar -x --no-same-owner -C "$0"', path], packed.stdout)

    def close(self) -> None:
        """Halt it, and remove what the host had of it."""
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_STOP_S)
        for group in self._groups:
            _remove_group(group)
        with contextlib.suppress(OSError):  # where /run is no tmpfs, nspawn leaves its empty folder
            Path("/run/systemd/nspawn/propagate", self._name).rmdir()

    # ------------------------------------------------------------------ inside

    def _enter(self, command: list[str], content: bytes | None = None) -> subprocess.CompletedProcess[str]:
        entry = ["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
        done = subprocess.run([*entry, *command], input=content, capture_output=True, check=False)
        text = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        return subprocess.CompletedProcess(command, done.returncode, *text)

    def _wait_for_boot(self) -> int:
        until = time.monotonic() + _BOOT_S
        while time.monotonic() < until and self._process.poll() is None:
            leader = _child_of(self._process.pid)
            if leader is not None:
                self._leader = leader
                state = self._enter(["systemctl", "is-system-running"]).stdout.strip()
                if state in ("running", "degraded"):
                    return leader
            time.sleep(0.3)
        raise TimeoutError(f"systemd did not come up: {self._log.read_text(errors='replace')}")

    def _hand_on_certificates(self) -> None:
        """A host behind a proxy has certificates of its own, which the package index is reached with."""
        trusted = os.environ.get("PIP_CERT") or ssl.get_default_verify_paths().cafile
        if trusted and Path(trusted).is_file():
            self.write("/etc/ssl/certs/ca-certificates.crt", Path(trusted).read_bytes())

    def _enter_groups(self) -> None:
        for group in self._groups:
            (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def _child_of(pid: int) -> int | None:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                # proc(5): the parent is the second field behind the name, which may hold anything but ends with ")".
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    return int(folder.name)
    return None


def _make_groups(name: str) -> list[Path]:
    """A group of our own in both hierarchies that systemd may use: the unified one, and version 1's named one."""
    made = []
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            group = Path(place) / name
            group.mkdir()
            made.append(group)
    return made


def _remove_group(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        for _ in range(20):  # the last process may still be on its way out
            try:
                Path(folder).rmdir()
                break
            except OSError:
                time.sleep(0.1)
