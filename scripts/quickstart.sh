#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh Debian or Ubuntu with Node.js to three configured machines: sets up what is missing, then runs the quickstart program.
#
#   npm run quickstart                      set up, start the daemon, launch and configure examples/quickstart.radl
#   npm run quickstart -- --hosts           the same without containers: private sshds on this host, existing-hosts connector
#   npm run quickstart -- --no-install      install nothing; list what is missing and stop if anything is
#   npm run quickstart -- --destroy         destroy the infrastructure of the quickstart
#   npm run quickstart -- --stop            stop the daemon of the quickstart (--destroy --stop does both)
#
# Runs as root or as a user with sudo, as often as wanted: a second run uses what the first one made. Everything it
# writes is below var/ of this checkout, apart from packages of the distribution. Environment: DOCKER_HOST.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"
# shellcheck source=scripts/engine-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/engine-lib.sh"

usage() { sed -n '3,13s/^# \{0,1\}//p' "$0"; }

original=("$@")
machines=docker clean_up=()
while [ $# -gt 0 ]; do
  case $1 in
    --hosts) machines=hosts ;;
    --no-install) NO_INSTALL=1 ;;
    --destroy | --stop) clean_up+=("$1") ;;
    -h | --help) usage && exit 0 ;;
    *)
      usage >&2
      die "unknown option $1"
      ;;
  esac
  shift
done
export NO_INSTALL
cd "$ROOT_DIR"

program() { node --import tsx scripts/quickstart/main.ts "$@"; }

# stage NAME COMMAND...: runs it and notes its time for the table at the end.
STAGES_FILE=$VAR_DIR/quickstart/stages.tsv
stage() {
  local name=$1 started
  shift
  say "$name"
  started=$(date +%s%3N)
  "$@"
  printf '%s\t%s\n' "$name" $(($(date +%s%3N) - started)) >>"$STAGES_FILE"
}

# The group that lets a user talk to the engine takes effect at the next log-in; `sg` gives it to this run at once.
use_docker_group() {
  local login
  login=$(id -un)
  [ -z "${IM_QUICKSTART_REGROUPED:-}" ] || return 1
  have sg || return 1
  if ! id -Gn "$login" | tr ' ' '\n' | grep -qx docker; then
    if [ "$NO_INSTALL" = 1 ] || ! getent group docker >/dev/null; then return 1; fi
    note "adding $login to the group docker, whose members may use the container engine (and thereby act as root)"
    as_root usermod -aG docker "$login"
  fi
  note "continuing with the rights of the group docker"
  unlock_setup
  export IM_QUICKSTART_REGROUPED=1
  exec sg docker -c "$(printf '%q ' "$ROOT_DIR/scripts/quickstart.sh" "${original[@]}")"
}

find_machines() {
  local status=0
  [ "$machines" = docker ] || return 0
  ensure_engine || status=$?
  if [ $status = 2 ] && ! use_docker_group; then
    warn "the container engine at $ENGINE_HOST is not open to $(id -un)"
    status=1
  fi
  if [ $status != 0 ]; then
    note "no container engine can be had (${ENGINE_PROBLEM:-installation failed}); using private sshds on this host instead"
    machines=hosts
  else
    note "a container engine answers at $ENGINE_HOST"
  fi
}

check_everything_is_there() {
  local complete=1 engine=required hint=""
  [ "$machines" = docker ] || engine=none
  scripts/ensure-tools.sh --no-install --engine $engine || complete=0
  if ! node_modules_are_current; then
    echo "missing, the npm packages: npm ci"
    complete=0
  fi
  [ "$machines" = hosts ] || hint=" (or choose --hosts, which needs no container engine)"
  [ $complete = 1 ] || die "the above is missing; without --no-install it is installed for you$hint"
}

make_node_image() {
  if [ "$machines" = docker ]; then
    scripts/node-image.sh
  elif [ "$(scripts/quickstart/host-nodes.sh mode)" = namespaces ]; then
    scripts/node-image.sh --tree
  else
    note "not needed: namespaces are not permitted here"
  fi
}

check_node
if [ ${#clean_up[@]} -gt 0 ]; then
  node_modules_are_current || die "the npm packages are missing or stale; run npm ci first"
  # Destroying is the daemon's work: it is started when it does not run.
  case " ${clean_up[*]} " in *" --destroy "*) [ -e "$ROOT_DIR/dist/.built" ] || ensure_build ;; esac
  program "${clean_up[@]}"
  exit
fi

mkdir -p "$VAR_DIR/quickstart"
chmod 700 "$VAR_DIR/quickstart"
lock_setup
: >"$STAGES_FILE"
if [ "$NO_INSTALL" = 1 ]; then stage 'check what is there' check_everything_is_there; fi
stage 'tools of the distribution' scripts/ensure-tools.sh --engine none
stage 'npm packages' ensure_node_modules
stage 'container engine' find_machines
stage 'build' ensure_build
stage 'node image' make_node_image
stage 'Ansible runtime for the nodes' ensure_runtime_bundle
unlock_setup
program "--$machines"
