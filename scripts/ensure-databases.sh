#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the servers that tests start for themselves, databases and a proxy; does nothing when they are there.
#
#   scripts/ensure-databases.sh [--no-install]
#
#   --no-install   installs nothing; lists what is missing instead
#
# MariaDB, PostgreSQL and HAProxy come from the distribution (Debian, Ubuntu). The server that speaks MongoDB's protocol, FerretDB, is built
# with the Go toolchain (1.22 or newer) into var/tools; without Go its tests are left out.
# Exit status: 0 all there, 1 something is missing.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"
PATH=$PATH:/usr/local/go/bin:/usr/libexec

# The last release line that keeps its data in SQLite files.
FERRETDB_VERSION=v1.24.0
FERRETDB=$VAR_DIR/tools/ferretdb

parse_ensure_options "$@"

has_postgresql() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

# The module does not carry the file with its own version, so it is built from a copy that has one.
build_ferretdb() {
  local source copy log=$VAR_DIR/ferretdb.log
  mkdir -p "$VAR_DIR/tools"
  source=$(cd / && go mod download -json "github.com/FerretDB/FerretDB@$FERRETDB_VERSION" 2>"$log" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [ -n "$source" ] || { tail -n 3 "$log" >&2 && return 1; }
  copy=$(mktemp -d)
  cp -R "$source/." "$copy" && chmod -R u+w "$copy"
  echo "$FERRETDB_VERSION" >"$copy/build/version/version.txt"
  if (cd "$copy" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false go build -o "$FERRETDB.new" ./cmd/ferretdb) >"$log" 2>&1; then
    mv "$FERRETDB.new" "$FERRETDB"
    rm -rf "$copy"
  else
    rm -rf "$copy"
    tail -n 15 "$log" >&2
    return 1
  fi
}

missing=()
{ have mariadbd && have mariadb-install-db; } || missing+=(mariadb-server)
has_postgresql || missing+=(postgresql)
have openssl || missing+=(openssl)
have haproxy || missing+=(haproxy)

status=0
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$NO_INSTALL" = 1 ]; then
    echo "missing, would be installed by: apt-get install ${missing[*]}"
    status=1
  else
    say "Installing ${missing[*]}"
    apt_install "${missing[@]}" || die "these packages could not be installed: ${missing[*]}"
  fi
else
  note "MariaDB, PostgreSQL and HAProxy are there"
fi

if [ -x "$FERRETDB" ]; then
  note "FerretDB is there"
elif [ "$NO_INSTALL" = 1 ]; then
  echo "missing, would be built with Go: FerretDB $FERRETDB_VERSION"
  status=1
elif ! have go; then
  warn "FerretDB cannot be built: there is no Go toolchain (package golang-go, or https://go.dev)"
  status=1
else
  say "Building FerretDB $FERRETDB_VERSION"
  build_ferretdb || {
    warn "FerretDB could not be built"
    status=1
  }
fi
exit $status
