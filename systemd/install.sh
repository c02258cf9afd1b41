#!/bin/sh
# Installs EdgeFace on a Debian-like machine (Raspberry Pi OS, Debian, JetPack): `sudo make install`.
#   PREFIX=/opt/edgeface   the virtual environment
#   DESTDIR=               another root, for packages and tests: nothing of the running system is touched then. The
#                          package's own script does on the device what stands in the last paragraph: a key in a
#                          package would be the key of every device that installs it
#   PYTHON=python3         Python 3.10 or newer
# Run again to upgrade: configuration, key and gallery stay as they are.
set -eu
cd "$(dirname "$0")/.."
PREFIX=${PREFIX:-/opt/edgeface}
DESTDIR=${DESTDIR:-}
PYTHON=${PYTHON:-python3}
units=$DESTDIR/etc/systemd/system

if [ -z "$DESTDIR" ] && [ "$(id -u)" -ne 0 ]; then
    echo "make install needs root (sudo make install), or a DESTDIR" >&2
    exit 1
fi

# libcamera and picamera2 come from apt only, built against apt's numpy: the environment must see the system's
# packages, or a Pi camera cannot be opened (docs/install-raspberry-pi.md).
site=
if "$PYTHON" -c 'import picamera2' 2>/dev/null; then site=--system-site-packages; fi
"$PYTHON" -m venv $site "$DESTDIR$PREFIX"
HNSWLIB_NO_NATIVE=1 "$DESTDIR$PREFIX/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade ".[gpio]"
if [ -n "$DESTDIR" ]; then
    # A virtual environment names its own place in its scripts; they shall name the one where it will be.
    grep -rlIF "$DESTDIR$PREFIX" "$DESTDIR$PREFIX/bin" "$DESTDIR$PREFIX/pyvenv.cfg" |
        xargs sed -i "s#$DESTDIR$PREFIX#$PREFIX#g"
fi

install -D -m 0644 systemd/edgeface.service "$units/edgeface.service"
sed -i "s#/opt/edgeface#$PREFIX#" "$units/edgeface.service"
install -D -m 0644 systemd/edgeface.socket "$units/edgeface.socket"
install -D -m 0644 systemd/edgeface.sysusers "$DESTDIR/usr/lib/sysusers.d/edgeface.conf"
install -D -m 0644 systemd/edgeface.tmpfiles "$DESTDIR/usr/lib/tmpfiles.d/edgeface.conf"
install -D -m 0644 systemd/edgeface-network.conf "$DESTDIR/usr/share/edgeface/systemd/edgeface-network.conf"
for profile in configs/*.toml; do
    install -D -m 0644 "$profile" "$DESTDIR/usr/share/edgeface/configs/$(basename "$profile")"
done
config=$DESTDIR/etc/edgeface/edgeface.toml
new_config=
if [ ! -e "$config" ]; then
    # A network camera's password may be written into it: for the daemon and its callers, not for every user.
    install -D -m 0640 configs/edgeface.toml "$config"
    new_config=yes
fi

if [ -z "$DESTDIR" ]; then
    key=/etc/edgeface/credentials/gallery.key
    if [ ! -e "$key" ]; then
        install -d -m 0700 "$(dirname "$key")"
        (umask 077 && head -c 32 /dev/urandom >"$key")
    fi
    systemd-sysusers
    if [ -n "$new_config" ]; then chgrp edgeface "$config"; fi
    systemd-tmpfiles --create edgeface.conf
    systemctl daemon-reload
    systemctl enable --now edgeface.socket
    systemctl try-restart edgeface.service  # an upgrade: nothing of the old version goes on
    echo "Installed. Edit /etc/edgeface/edgeface.toml, then: systemctl enable --now edgeface"
    echo "May use the API: members of the group edgeface; may administer: of edgeface-admin."
fi
