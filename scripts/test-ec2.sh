#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests of the EC2 connector alone: parts, contract, behaviours, and kill -9 around its calls, against a real moto server. Every test
# ends with a look at all that is left in its AWS account, and every file with a check of all requests against the official models.
#
#   npm run test:ec2                   kills the daemon at some points
#   IM_TEST_CRASH=all npm run test:ec2 kills it at every one
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"
case ${1:-} in -h | --help) sed -n '3,7s/^# \{0,1\}//p' "$0" && exit 0 ;; esac
cd "$ROOT_DIR"
ensure_node_modules
scripts/ensure-moto.sh
export IM_TEST_PEERS=all
npx --no-install mocha --config .mocharc.unit.json --parallel --jobs 3 'test/connectors/ec2/*.test.ts'
npx --no-install mocha --config .mocharc.e2e.json test/e2e/crash/ec2.test.ts
