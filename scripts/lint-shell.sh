#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks through all shell scripts of the repository with shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mapfile -d '' -t scripts < <(git ls-files -z '*.sh' .ci/run)
# SC2016: programs for another shell stand in single quotes on purpose.
shellcheck --external-sources --exclude=SC2016 "${scripts[@]}"
