# SPDX-License-Identifier: Apache-2.0
# What Debian and Ubuntu need to build and to test Sluice. Sourced by quickstart and runtests. "a|b": the first that this
# release has.
BUILD_PACKAGES="libjson-c-dev gcc libc6-dev meson ninja-build pkg-config|pkgconf python3 libuv1-dev libsqlite3-dev libssl-dev libhwloc-dev libxxhash-dev libyaml-dev liblz4-dev libedit-dev libmunge-dev libcmocka-dev"
TEST_PACKAGES="make clang clang-format libclang-rt-dev|libclang-rt-14-dev python3-pytest python3-pytest-xdist munge iproute2 procps debootstrap openmpi-bin libopenmpi-dev mpich libmpich-dev libpmi2-0-dev"
VM_PACKAGES="qemu-system-x86 busybox-static binutils apt" # for the suite vm; its kernel comes by `apt-get download`
MESON_LEAST=1.0 # Ubuntu 22.04 has an older one

installed() {
    case $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) in
    "install ok installed") return 0 ;;
    esac
    return 1
}

# One of "a|b": an installed one, else the first that can be had, else the first.
choose_package() {
    for p in $(echo "$1" | tr '|' ' '); do
        if installed "$p" || { [ $# -gt 1 ] && apt-cache show "$p" >/dev/null 2>&1; }; then
            echo "$p"
            return
        fi
    done
    echo "${1%%|*}"
}

# What of "a|b"… is not installed.
missing_packages() {
    for p in "$@"; do
        installed "$(choose_package "$p")" || printf ' %s' "$p"
    done
}

# install_packages NAME…: installs those that are missing; quick when none is.
install_packages() {
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    sudo=""
    if [ "$(id -u)" != 0 ]; then
        sudo=sudo
        if ! command -v sudo >/dev/null 2>&1; then
            echo "These packages are needed:$missing" >&2
            echo "Ask an administrator for: apt-get install --no-install-recommends$(echo "$missing" | sed 's/|[^ ]*//g')" >&2
            return 1
        fi
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "This is neither Debian nor Ubuntu. What they call$missing is needed." >&2
        return 1
    fi
    echo "Installing:$missing"
    $sudo apt-get update -qq || true
    chosen=""
    for p in $missing; do
        chosen="$chosen $(choose_package "$p" any)"
    done
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $chosen >/dev/null || {
        echo "These packages are needed and could not be installed:$chosen" >&2
        return 1
    }
}

# The meson of the system when it is new enough, else one of our own in the folder $1, from PyPI.
find_meson() {
    MESON=meson
    least=$(meson --version 2>/dev/null) || least=0
    [ "$(printf '%s\n%s\n' "$MESON_LEAST" "$least" | sort -V | head -n 1)" = "$MESON_LEAST" ] && return 0
    MESON=$1/meson/bin/meson
    [ -x "$MESON" ] && return 0
    echo "meson $least is too old; getting a newer one into $1/meson"
    install_packages python3-venv || return 1
    python3 -m venv "$1/meson" && "$1/meson/bin/pip" install -q "meson>=$MESON_LEAST" || {
        echo "meson $MESON_LEAST or newer is needed; this system has $least" >&2
        return 1
    }
}
