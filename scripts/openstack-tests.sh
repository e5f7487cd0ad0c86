#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts a private OpenStack (test/support/openstack-lab), runs the tests of test/openstack against it, and checks that nothing is left in any
# service. The lab and its files are gone afterwards.
#
#   npm run test:openstack                       all of them
#   npm run test:openstack -- --grep networks    what is given goes to mocha
#
# IM_OPENSTACK_LAB names a lab that runs already (lab.sh start): it is used and left running.
# IM_OPENSTACK_CRASH=all kills the daemon at every step instead of a few.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"
cd "$ROOT_DIR"
LAB=test/support/openstack-lab/lab.sh

directory=''
clean_up() {
  if [ -n "$directory" ]; then
    "$LAB" stop "$directory"
    rm -rf "$directory"
  fi
}
trap clean_up EXIT

if [ -z "${IM_OPENSTACK_LAB:-}" ]; then
  scripts/ensure-openstack.sh
  directory=$(mktemp -d "${TMPDIR:-/tmp}/im-openstack-XXXXXX")
  say "Starting OpenStack in $directory"
  "$LAB" start "$directory"
  export IM_OPENSTACK_LAB=$directory
fi
npx --no-install mocha --config .mocharc.openstack.json "$@" 'test/openstack/**/*.test.ts'
