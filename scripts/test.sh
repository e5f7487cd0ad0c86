#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up and runs all checks and tests; ends with one line `N passed, N failed` over all suites.
#
#   npm test                               set-up, lint, type check, build, unit tests, end-to-end tests
#   npm test -- --unit --e2e               only these (of --setup --lint --typecheck --build --unit --e2e; also --openstack, of which CI runs a part)
#   npm test -- --no-setup --unit          without looking after tools and images
#   npm test -- --unit -- --grep RADL      what follows `--` goes to mocha
#
# IM_TEST_JOBS=N runs N test files beside each other (default 3: many of them wait for machines more than they compute; 1: one by one).
# IM_TEST_PEERS=all makes a missing peer (container engine, Ansible, OpenStack) an error; otherwise what needs it is left out, loudly. OpenStack's
# services (280 packages) are only installed then.
# IM_TEST_REPEAT=1 gives the files of up to three failed tests a second try, alone: what passes then is listed as UNSTEADY and not counted as failed.
# Crash, nemesis and high-availability tests never get one.
# IM_TEST_REPORTS=DIR keeps the reports elsewhere than in var/test-reports, for two runs beside each other.
# The tests themselves are counted; a check (lint, types, build, set-up) that fails counts as one failure.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"
# shellcheck source=scripts/engine-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/engine-lib.sh"

targets=() run_setup=1 mocha_arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --setup | --lint | --typecheck | --build | --unit | --e2e | --openstack) targets+=("${1#--}") ;;
    --no-setup) run_setup=0 ;;
    --)
      shift
      mocha_arguments=("$@")
      break
      ;;
    -h | --help) sed -n '3,15s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done
[ ${#targets[@]} -gt 0 ] || targets=(setup lint typecheck build unit e2e)
cd "$ROOT_DIR"
JOBS=${IM_TEST_JOBS:-3}
case $JOBS in '' | *[!0-9]* | 0*) die "IM_TEST_JOBS is the number of test files to run beside each other, not '$JOBS'" ;; esac
REPEAT=${IM_TEST_REPEAT:-0}
case $REPEAT in 0 | 1) ;; *) die "IM_TEST_REPEAT takes the values 0 and 1, not '$REPEAT'" ;; esac
PEERS=${IM_TEST_PEERS:-}
case $PEERS in '' | all) ;; *) die "IM_TEST_PEERS takes the value all, not '$PEERS'" ;; esac
wants() { case " ${targets[*]} " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

REPORTS_DIR=${IM_TEST_REPORTS:-$VAR_DIR/test-reports}
mkdir -p "$REPORTS_DIR"
rm -f "$REPORTS_DIR"/*.json
passed=0 failed=0 summary=() unsteady=()
engine_is_there=1

record() { # NAME RESULT SECONDS
  summary+=("$(printf '%-12s %-32s %5d s' "$1" "$2" "$3")")
}

# check NAME COMMAND...: something that passes or fails as a whole.
check() {
  local name=$1 started=$SECONDS
  shift
  say "$name"
  # A subshell, so that a `die` inside ends the check and not the whole run.
  if ("$@"); then
    record "$name" ok $((SECONDS - started))
  else
    failed=$((failed + 1))
    record "$name" FAILED $((SECONDS - started))
    return 1
  fi
}

# passes_alone NAME CONFIG REPORT: runs the files of the failed tests again, one by one with nothing beside them, and says loudly what came of it.
passes_alone() {
  local name=$1 config=$2 report=$3 candidates
  mapfile -t candidates < <(node scripts/test-report.mjs repeatable "$report")
  [ ${#candidates[@]} -gt 0 ] || return 1
  say "$name tests that failed, once more and alone: ${candidates[*]}"
  npx --no-install mocha --config "$config" --reporter scripts/mocha-reporter.mjs --reporter-option "output=${report%.json}-repeated.json" "${candidates[@]}" || return 1
  unsteady+=("$report")
}

# suite NAME CONFIG: mocha, its counts read from the report that it leaves.
suite() {
  local name=$1 config=$2 files=$3 started=$SECONDS report=$REPORTS_DIR/$1.json status=0 counts p f skipped
  say "$name tests"
  local parallel=()
  # End-to-end tests compute more than they wait.
  if [ "$name" = e2e ] && [ "$JOBS" -gt 2 ]; then JOBS=2; fi
  [ "$JOBS" = 1 ] || parallel=(--parallel --jobs "$JOBS")
  npx --no-install mocha --config "$config" "${parallel[@]}" --reporter scripts/mocha-reporter.mjs --reporter-option "output=$report" "${mocha_arguments[@]}" "$files" || status=$?
  if [ -s "$report" ]; then
    counts=$(node scripts/test-report.mjs counts "$report")
    read -r p f skipped <<<"$counts"
  else
    p=0 f=0 skipped=0
  fi
  if [ "$f" != 0 ] && [ "$REPEAT" = 1 ] && passes_alone "$name" "$config" "$report"; then
    p=$((p + f)) f=0 status=0
  fi
  # Mocha may also end badly without a failed test: no report, an unhandled error, a file that does not load.
  if [ $status != 0 ] && [ "$f" = 0 ]; then
    warn "the $name tests ended with status $status without a failed test"
    f=1
  fi
  if [ $((p + f + skipped)) = 0 ] && [ ${#mocha_arguments[@]} = 0 ]; then
    warn "there are no $name tests in $files"
    f=1
  fi
  if [ "$skipped" != 0 ] && [ "$PEERS" = all ]; then
    warn "$skipped $name tests were skipped although IM_TEST_PEERS=all"
    f=$((f + skipped))
  fi
  passed=$((passed + p)) failed=$((failed + f))
  record "$name" "$p passed, $f failed, $skipped skipped" $((SECONDS - started))
}

has_tests() { [ -n "$(find "$1" -name '*.test.ts' -print -quit 2>/dev/null)" ]; }

skip_loudly() { # NAME REASON
  if [ "$PEERS" = all ]; then
    failed=$((failed + 1))
    warn "$1 cannot run: $2 (IM_TEST_PEERS=all makes that a failure)"
    record "$1" 'FAILED: a peer is missing' 0
  else
    warn "**** $1 NOT RUN: $2 ****"
    record "$1" 'NOT RUN: a peer is missing' 0
  fi
}

find_engine() {
  local status=0
  ensure_engine || status=$?
  [ $status = 0 ] || return 1
}

setup_images() { scripts/node-image.sh; }
# Of machines without the engine; making it takes longer than a test may wait for machines.
setup_tree() { scripts/node-image.sh --tree; }

if [ $run_setup = 1 ]; then
  lock_setup
  check npm ensure_node_modules || die "nothing can run without the npm packages"
  if wants setup || wants unit || wants e2e; then
    check tools scripts/ensure-tools.sh --engine none || true
    say engine
    if find_engine; then note "a container engine answers at $ENGINE_HOST"; else
      engine_is_there=0
      [ "$ENGINE_PROBLEM" = denied ] && ENGINE_PROBLEM="it is not open to $(id -un) (group docker)"
      warn "no container engine: $ENGINE_PROBLEM"
    fi
    if [ $engine_is_there = 1 ]; then check image setup_images || engine_is_there=0; fi
    check runtime ensure_runtime_bundle all || true
    say databases
    scripts/ensure-databases.sh || skip_loudly databases "a database server or proxy for the tests is missing"
    if [ "$PEERS" = all ] && ! have shellcheck; then apt_install shellcheck || warn "shellcheck could not be installed"; fi
    # Large, and needed by one test, which says so when it is left out.
    if [ "$PEERS" = all ]; then check browser scripts/ensure-browser.sh || true; fi
    say simulators
    scripts/ensure-nodes.sh || skip_loudly nodes "other lines of Node.js for the test of the daemon on them are missing"
    scripts/ensure-moto.sh || skip_loudly moto "the AWS simulator for the tests of the EC2 connector is missing"
  fi
  if [ "$PEERS" = all ] && wants openstack; then check openstack-setup scripts/ensure-openstack.sh || true; fi
  unlock_setup
else
  engine_answers || engine_is_there=0
fi

if wants lint; then
  check lint npm run --silent lint || true
  if have shellcheck; then
    check lint-shell scripts/lint-shell.sh || true
  else
    skip_loudly lint-shell "shellcheck is missing: apt-get install shellcheck"
  fi
fi
if wants typecheck; then check typecheck npm run --silent typecheck || true; fi
built=1
if wants build || wants e2e; then check build ensure_build || built=0; fi
if wants unit; then suite unit .mocharc.unit.json 'test/**/*.test.ts'; fi
if wants e2e; then
  if ! has_tests test/e2e; then
    note "there are no end-to-end tests"
  elif [ $built = 0 ]; then
    skip_loudly e2e "the build failed"
  elif [ $engine_is_there = 0 ]; then
    skip_loudly e2e "no container engine: $ENGINE_PROBLEM"
  else
    suite e2e .mocharc.e2e.json 'test/e2e/**/*.test.ts'
  fi
fi

# One start of the services for all of their tests; it takes a minute. One file after the other: they look at the same projects.
# IM_OPENSTACK_TESTS names some of the files.
OPENSTACK_TESTS=${IM_OPENSTACK_TESTS:-test/openstack/**/*.test.ts}
openstack_tests() {
  local missing lab status=0
  if [ -n "${IM_OPENSTACK_LAB:-}" ]; then
    JOBS=1 suite openstack .mocharc.openstack.json "$OPENSTACK_TESTS"
    return
  fi
  missing=$(test/support/openstack-lab/lab.sh problem)
  if [ -n "$missing" ]; then
    skip_loudly openstack "$missing"
    return
  fi
  lab=$(mktemp -d "${TMPDIR:-/tmp}/im-openstack-XXXXXX")
  if check openstack-lab test/support/openstack-lab/lab.sh start "$lab"; then
    IM_OPENSTACK_LAB=$lab JOBS=1 suite openstack .mocharc.openstack.json "$OPENSTACK_TESTS" || status=$?
  fi
  test/support/openstack-lab/lab.sh stop "$lab" || true
  rm -rf "$lab"
  return $status
}
if wants openstack; then openstack_tests; fi

echo
if [ ${#unsteady[@]} != 0 ]; then
  warn "UNSTEADY: failed beside others and passed alone. Each is a defect, of the test or of the daemon:"
  node scripts/test-report.mjs failures "${unsteady[@]}"
fi
if [ $failed != 0 ]; then
  warn "failures of this run:"
  node scripts/test-report.mjs failures "$REPORTS_DIR"/*.json
fi
printf '%s\n' "${summary[@]}"
echo
echo "$passed passed, $failed failed"
[ $failed = 0 ]
