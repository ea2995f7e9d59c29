# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts: where things lie, and one line of progress.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.deps/venv
build=$root/build/release
say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
