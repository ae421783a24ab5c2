#!/usr/bin/env bash
# Sets up whatever is missing (cross compiler, Python packages), then:
#   ./harness.sh bench [pytest options]   runs the quickstart suite on virtual boards
#   ./harness.sh test  [pytest options]   runs the tests of the harness itself
#   ./harness.sh check                    runs the linter and the type checker
#   ./harness.sh setup                    only sets up
#   ./harness.sh ANYTHING ELSE            runs the `harness` command, such as `./harness.sh board list`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
    printf 'harness.sh: %s\n' "$1" >&2
    exit 1
}

# Debian and Ubuntu packages that are missing: the cross compiler, the host compiler that builds the virtual
# boards' cycle counter, and Python's venv, which these systems package apart.
missing_packages() {
    command -v arm-none-eabi-gcc >/dev/null || echo gcc-arm-none-eabi
    case "$(arm-none-eabi-gcc -print-file-name=nano.specs 2>/dev/null)" in
        /*) ;;
        *) echo libnewlib-arm-none-eabi ;;
    esac
    # Headers only, for backends that hand over C++.
    echo '#include <cstdint>' | arm-none-eabi-gcc -x c++ -fsyntax-only - 2>/dev/null || echo libstdc++-arm-none-eabi-dev
    command -v cc >/dev/null || echo gcc
    [ -e /usr/include/stdio.h ] || echo libc6-dev
    [ -x .venv/bin/python ] || "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

install_packages() {
    local packages install
    packages="$(missing_packages | paste -sd ' ' -)"
    [ -n "$packages" ] || return 0
    install="apt-get install -y --no-install-recommends $packages"
    command -v apt-get >/dev/null || fail "these are missing: $packages; install them with your system's package manager"
    local as_root=""
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null || ! { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            fail "these are missing and I am not root; run this, then try again: sudo sh -c 'apt-get update && $install'"
        fi
        as_root=sudo
    fi
    echo "installing from the system's packages: $packages" >&2
    # shellcheck disable=SC2086 # the command is meant to be split
    { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive $install; } >.setup.log 2>&1 || {
        tail -n 20 .setup.log >&2
        fail "the system's packages could not be installed; run this, then try again: $install"
    }
}

# The stamp names the lock file and the Python it was installed for, so that a change of either installs again.
install_python_packages() {
    local version stamp
    version="$("$python" --version)"
    stamp="$({ echo "$version"; cat requirements.lock pyproject.toml; } | sha256sum | cut -d' ' -f1)"
    [ "$(cat .venv/ready 2>/dev/null)" != "$stamp" ] || return 0
    echo "installing the pinned Python packages into .venv" >&2
    [ "$(.venv/bin/python --version 2>/dev/null)" = "$version" ] || "$python" -m venv --clear .venv
    # At a terminal pip shows what it fetches; elsewhere it speaks only of failures.
    local quiet=--quiet
    [ ! -t 2 ] || quiet=
    # The lock names all there is to install: pip need not look for more, nor for what pyproject.toml overrides.
    # shellcheck disable=SC2086 # nothing, where there is nothing to say
    .venv/bin/python -m pip install --disable-pip-version-check --no-input $quiet \
        --no-deps --require-hashes --only-binary :all: -r requirements.lock >&2 \
        || fail "installing the Python packages failed; see above. Nothing is lost: run me again"
    .venv/bin/python -m pip install --disable-pip-version-check --no-input -q --no-deps --no-build-isolation -e . >&2
    .venv/bin/python -m compileall -q harness reports >&2 || true
    echo "$stamp" >.venv/ready
}

set_up() {
    python="${PYTHON:-python3}"
    command -v "$python" >/dev/null || fail "Python is missing; run: sudo apt-get install -y python3"
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
        || fail "$("$python" --version) will not do: Python 3.11 to 3.13 is needed; name one: PYTHON=python3.12 $0 $*"
    # Two set-ups at once would write into each other's .venv.
    exec 9>.setup.lock
    flock 9
    install_packages
    install_python_packages
    exec 9>&-
}

command="${1:-help}"
[ $# -eq 0 ] || shift
case "$command" in
    help | -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0" ;;
    setup) set_up ;;
    bench)
        set_up
        exec .venv/bin/python -m pytest testsuites/quickstart --explore -n 2 "$@"
        ;;
    test)
        set_up
        exec .venv/bin/python -m pytest -n 2 "$@"
        ;;
    check)
        set_up
        .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
        ;;
    *)
        set_up
        exec .venv/bin/harness "$command" "$@"
        ;;
esac
