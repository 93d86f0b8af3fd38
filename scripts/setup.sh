#!/usr/bin/env bash
# Make the project ready to run in .venv: Python packages under the constraints, then the system libraries
# that Qt and OpenGL need. Quick when all is there already. PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

MARKER=.venv/.ready
SOURCES=(setup.cfg pyproject.toml constraints.txt scripts/setup.sh)
# Qt 6's platform plugins, software OpenGL, a virtual display, and strace for the tests of durability
LIBRARIES=(libdbus-1-3 libegl1 libfontconfig1 libgl1 libgl1-mesa-dri libglib2.0-0 libx11-xcb1
    libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
    libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0 strace xauth xvfb)

say() { printf '%s\n' "$*" >&2; }

# Run as root, or through sudo if it asks no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

# Debian's packages of the given names, or the one line that brings them.
install_libraries() {
    if may_install; then
        say "Installing $*"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" >&2
    elif command -v apt-get >/dev/null; then
        say "Some system libraries are missing. Please run:"
        say "    sudo apt-get install -y --no-install-recommends $*"
        return 1
    else
        say "This is no Debian or Ubuntu: please install Qt 6's and OpenGL's libraries and Xvfb yourself."
        return 1
    fi
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local each
    for each in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_new_enough "$each"; then
            echo "$each"
            return
        fi
    done
    say "napari-dacapo needs Python 3.11 or newer; set PYTHON to one."
    return 1
}

make_environment() {
    if [ -x .venv/bin/python ] && is_new_enough .venv/bin/python; then return; fi
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        install_libraries "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    fi
    say "Creating .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

is_up_to_date() {
    [ -e "$MARKER" ] || return 1
    local each
    for each in "${SOURCES[@]}"; do
        [ "$MARKER" -nt "$each" ] || return 1
    done
    .venv/bin/python -c '' 2>/dev/null
}

# uv, which takes a third of pip's time, with the places of packages that pip has been told of.
quick_install() {
    local index links
    index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
    links=${PIP_FIND_LINKS:-$(.venv/bin/python -m pip config get global.find-links 2>/dev/null || true)}
    .venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt uv &&
        env ${index:+UV_DEFAULT_INDEX="$index"} ${links:+UV_FIND_LINKS="${links//[[:space:]]/,}"} \
            .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python "$@"
}

install_packages() {
    if is_up_to_date; then return; fi
    say "Installing the Python packages; the first time takes some minutes"
    local wanted=(--constraint constraints.txt --editable '.[all,bioimageio,cluster,docs,monai,onnx,plots,testing]')
    quick_install "${wanted[@]}" ||
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "${wanted[@]}"
    touch "$MARKER"
}

has_library() {  # newer releases rename some with the ending t64
    local states
    states=$(dpkg-query -W -f '${Status}\n' "$1" "$1t64" 2>/dev/null || true)
    [[ $states == *"install ok installed"* ]]
}

check_libraries() {
    local each missing=()
    [ "$(uname -s)" = Linux ] || return 0
    for each in "${LIBRARIES[@]}"; do
        has_library "$each" || missing+=("$each")
    done
    [ ${#missing[@]} = 0 ] || install_libraries "${missing[@]}" || true
}

is_up_to_date || make_environment
check_libraries & # beside the packages: one waits for disks where the other waits for the net
trap wait EXIT
install_packages
