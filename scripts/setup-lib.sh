# SPDX-License-Identifier: Apache-2.0
# What the set-up scripts share: messages, root rights, packages of the distribution, npm packages, the build. Sourced, never run.
# shellcheck shell=bash

ROOT_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VAR_DIR=$ROOT_DIR/var
NO_INSTALL=${NO_INSTALL:-0}
# Users' search paths often lack the directories of system programs such as dockerd and sshd.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command with root rights: directly as root, else through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "root rights are needed for: $*. Run as root, or install sudo and give this user the right to use it."
  fi
}

is_debian_like() { have apt-get && have dpkg; }

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}

# True when apt knows the package; package lists may be missing altogether on a fresh image.
apt_knows() { [ -n "$(apt-cache show --no-all-versions "$1" 2>/dev/null | head -n 1)" ]; }

# apt_install PACKAGE...: installs them, fetching or refreshing the package lists only when that is needed.
apt_install() {
  local log=$VAR_DIR/apt.log package lists_are_fresh=0
  is_debian_like || die "this is not Debian or Ubuntu: install these by hand and start again: $*"
  mkdir -p "$VAR_DIR"
  for package in "$@"; do
    apt_knows "$package" && continue
    note "apt-get update (the package lists do not name $package)"
    apt_get update >"$log" 2>&1 || die "apt-get update failed: $(tail -n 3 "$log")"
    lists_are_fresh=1
    break
  done
  note "apt-get install $*"
  apt_get install -y --no-install-recommends "$@" >"$log" 2>&1 && return 0
  if [ "$lists_are_fresh" = 0 ]; then
    note "that failed; once more after apt-get update"
    apt_get update >>"$log" 2>&1 || die "apt-get update failed: $(tail -n 3 "$log")"
    apt_get install -y --no-install-recommends "$@" >>"$log" 2>&1 && return 0
  fi
  tail -n 15 "$log" >&2
  return 1
}

# One set-up at a time in a checkout: a second one waits for the first.
lock_setup() {
  mkdir -p "$VAR_DIR"
  have flock || return 0
  exec 9>"$VAR_DIR/setup.lock"
  flock -n 9 && return 0
  note "another set-up is running in this checkout; waiting for it"
  flock -w 900 9 || die "the other set-up did not end within 15 minutes (lock: $VAR_DIR/setup.lock)"
}
unlock_setup() { { exec 9>&-; } 2>/dev/null || true; }

check_node() {
  have node || die "Node.js is missing: install Node.js 20.19 or newer"
  have npm || die "npm is missing: install it together with Node.js"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js $(node --version) is too old: 20.19 or newer is needed"
}

node_modules_are_current() { node "$ROOT_DIR/scripts/check-dependencies.mjs" "$ROOT_DIR" >/dev/null 2>&1; }

run_npm_ci() {
  local prefix
  # Native modules are compiled where no prebuilt binary can be fetched; headers that came with Node spare another download.
  prefix=$(node -p 'require("node:path").dirname(require("node:path").dirname(process.execPath))')
  if [ -z "${npm_config_nodedir:-}" ] && [ -e "$prefix/include/node/node.h" ]; then export npm_config_nodedir=$prefix; fi
  (cd "$ROOT_DIR" && npm ci --no-audit --no-fund --loglevel=error) >"$VAR_DIR/npm.log" 2>&1
}

# npm packages exactly as the lock file says; nothing happens when they are already so.
ensure_node_modules() {
  check_node
  mkdir -p "$VAR_DIR"
  if node_modules_are_current; then
    note "npm packages are up to date"
    return 0
  fi
  [ "$NO_INSTALL" = 0 ] || die "npm packages are missing or stale. Run: npm ci"
  note "npm ci"
  run_npm_ci && return 0
  if ! { have make && have g++ && have python3; } && is_debian_like; then
    note "npm ci failed without a compiler at hand; installing one for the native modules"
    apt_install make g++ python3 || die "no compiler could be installed"
    run_npm_ci && return 0
  fi
  { grep -v "^npm error \( \|\[\)" "$VAR_DIR/npm.log" | head -n 30 >&2; } || true
  die "npm ci failed (whole log: $VAR_DIR/npm.log)"
}

# Compiles src/ into dist/ when a source is newer than the last successful build.
ensure_build() {
  local stamp=$ROOT_DIR/dist/.built
  if [ -e "$stamp" ] && [ -e "$ROOT_DIR/dist/main.js" ] && [ -z "$(cd "$ROOT_DIR" && find src tsconfig.json tsconfig.build.json package.json -newer "$stamp" -print -quit)" ]; then
    note "dist/ is up to date"
    return 0
  fi
  note "npm run build"
  # The compiler writes its output also when it finds errors: only the stamp tells that the build is good.
  rm -f "$stamp"
  (cd "$ROOT_DIR" && npm run --silent build) || die "the build failed; the messages above name file and line"
  : >"$stamp"
}

# The Ansible that is pushed to the nodes is packed from the one that is installed here; `all` adds versions of the package index for
# other Pythons, and the collections of this host. What was packed before stays.
ensure_runtime_bundle() { # [all]
  local script=$ROOT_DIR/scripts/runtime-bundle.ts more=()
  [ -e "$script" ] || return 0
  if [ "${1:-}" = all ]; then more=(--cores usual --collections all); fi
  (cd "$ROOT_DIR" && node --import tsx "$script" --out "$VAR_DIR/runtime" "${more[@]}") ||
    die "the Ansible runtime for the nodes could not be packed"
}

# show_help: the comment below the licence, where every script says what it does.
show_help() { awk 'NR > 2 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"; }

# parse_ensure_options "$@": the options of the scripts that install something.
parse_ensure_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --no-install) NO_INSTALL=1 ;;
      -h | --help) show_help && exit 0 ;;
      *) die "unknown option $1 (see --help)" ;;
    esac
    shift
  done
}
