# SPDX-License-Identifier: Apache-2.0
# What Debian and Ubuntu need to build and to test Sluice. Sourced by quickstart and runtests.
BUILD_PACKAGES="libjson-c-dev gcc libc6-dev meson ninja-build pkg-config python3 libuv1-dev libsqlite3-dev libssl-dev libhwloc-dev libxxhash-dev libedit-dev libmunge-dev libcmocka-dev"
TEST_PACKAGES="clang clang-format libclang-rt-dev python3-pytest munge iproute2 procps openmpi-bin libopenmpi-dev mpich libmpich-dev libpmi2-0-dev"
VM_PACKAGES="qemu-system-x86 busybox-static binutils apt" # for the suite vm; its kernel comes by `apt-get download`

# install_packages NAME…: installs those that are missing; quick when none is.
install_packages() {
    missing=""
    for p in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
        "install ok installed") ;;
        *) missing="$missing $p" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    echo "Installing:$missing"
    sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq || true
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
        echo "These packages are needed and could not be installed:$missing" >&2
        return 1
    }
}
