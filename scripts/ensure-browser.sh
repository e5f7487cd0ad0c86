#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the browser in which the tests open the description of the API; does nothing when it is there.
#
#   scripts/ensure-browser.sh [--no-install]
#
#   --no-install   installs nothing; says what is missing instead
#
# Debian and its relatives that have a package chromium. Exit status: 0 it is there, 1 it is missing.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"

parse_ensure_options "$@"

[ -x /usr/bin/chromium ] && exit 0
if [ "$NO_INSTALL" = 1 ]; then
  echo "missing, would be installed by: apt-get install chromium"
  exit 1
fi
say "Installing chromium"
apt_install chromium || die "the package chromium could not be installed"
