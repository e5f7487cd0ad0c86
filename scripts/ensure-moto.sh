#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the AWS simulator moto, which the tests of the EC2 connector start for themselves, into var/tools/moto; does nothing when it is there.
#
#   scripts/ensure-moto.sh [--no-install]
#
#   --no-install   installs nothing; says what is missing instead
#
# Versions: scripts/moto-requirements.txt. Needs Python 3.10 or newer with venv, and a package index.
# Exit status: 0 it is there, 1 it is not.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"

REQUIREMENTS=$ROOT_DIR/scripts/moto-requirements.txt
MOTO=$VAR_DIR/tools/moto
STAMP=$MOTO/.requirements
LOG=$VAR_DIR/moto.log

parse_ensure_options "$@"

if cmp -s "$REQUIREMENTS" "$STAMP" && [ -x "$MOTO/bin/moto_server" ]; then
  note "moto is there"
  exit 0
fi
if [ "$NO_INSTALL" = 1 ]; then
  echo "missing, would be installed into $MOTO: $(grep '^moto=' "$REQUIREMENTS")"
  exit 1
fi
have python3 || apt_install python3 python3-venv
mkdir -p "$VAR_DIR/tools"
rm -rf "$MOTO"
if ! python3 -m venv "$MOTO" >"$LOG" 2>&1; then
  # Debian has the module in a package of its own.
  is_debian_like && apt_install python3-venv
  rm -rf "$MOTO"
  python3 -m venv "$MOTO" >"$LOG" 2>&1 || { tail -n 5 "$LOG" >&2 && exit 1; }
fi
say "Installing $(grep '^moto=' "$REQUIREMENTS")"
if "$MOTO/bin/pip" install --quiet --disable-pip-version-check -r "$REQUIREMENTS" >"$LOG" 2>&1; then
  cp "$REQUIREMENTS" "$STAMP"
else
  tail -n 5 "$LOG" >&2
  warn "moto could not be installed (whole log: $LOG)"
  exit 1
fi
