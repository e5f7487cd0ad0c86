# SPDX-License-Identifier: Apache-2.0
# Finds, installs and starts the container engine that set-up uses, by the Docker API only (any engine that speaks it will do). Sourced after setup-lib.sh.
# shellcheck shell=bash

# The engine's address as a Docker credential's `host` takes it.
ENGINE_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
ENGINE_PROBLEM=''

engine_socket() {
  case $ENGINE_HOST in
    unix://*) printf '%s' "/${ENGINE_HOST#unix://}" | sed 's,^//*,/,' ;;
  esac
}

# Asks GET /_ping. Sets ENGINE_PROBLEM to: nothing, `denied` (the socket is there but not for this user) or the reason.
engine_answers() {
  ENGINE_PROBLEM=$(ENGINE_HOST=$ENGINE_HOST ENGINE_SOCKET=$(engine_socket) node -e '
    const { ENGINE_HOST, ENGINE_SOCKET } = process.env;
    const target = ENGINE_SOCKET ? { socketPath: ENGINE_SOCKET, path: "/_ping" } : new URL("/_ping", ENGINE_HOST.replace(/^tcp:/, "http:"));
    const fail = (text) => { console.log(text); process.exit(1); };
    const request = require("node:http").get(target, (answer) => answer.statusCode === 200 ? process.exit(0) : fail("status " + answer.statusCode));
    request.setTimeout(5000, () => fail("no answer within 5 s"));
    request.on("error", (error) => fail(error.code === "EACCES" || error.code === "EPERM" ? "denied" : error.message));
  ' 2>&1)
}

wait_for_engine() {
  local deadline=$((SECONDS + $1))
  until engine_answers; do
    [ "$ENGINE_PROBLEM" = denied ] && return 1
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.3
  done
}

start_engine() {
  local log=$VAR_DIR/dockerd.log
  if [ -d /run/systemd/system ]; then
    note "starting the service docker"
    as_root systemctl start docker || return 1
  else
    note "starting dockerd (no systemd here; its log: $log)"
    mkdir -p "$VAR_DIR"
    # The lock of set-up is closed for the engine: it would hold it for as long as it lives.
    as_root sh -c 'nohup setsid dockerd >"$1" 2>&1 9>&- </dev/null & echo $! >"$2"' sh "$log" "$VAR_DIR/dockerd.pid"
  fi
  wait_for_engine 60
  case $ENGINE_PROBLEM in
    '' | denied) return 0 ;;
  esac
  warn "the engine did not come up: $ENGINE_PROBLEM"
  if [ -s "$log" ]; then tail -n 5 "$log" >&2; fi
  return 1
}

# A bridge that was given no MAC address takes the lowest one of its ports, so that it changes as containers come and go; connections of the others then
# hang until they ask for it again, up to half a minute. Engines give theirs one, but use a bridge that is there as it is. (3: NET_ADDR_SET of Linux.)
steady_bridge() {
  local bridge=/sys/class/net/docker0
  [ -r "$bridge/addr_assign_type" ] && have ip || return 0
  [ "$(cat "$bridge/addr_assign_type")" != 3 ] || return 0
  if [ "$(id -u)" = 0 ] && ip link set dev docker0 address "$(cat "$bridge/address")"; then
    note "the bridge docker0 keeps its MAC address from now on"
  else
    warn "the MAC address of the bridge docker0 changes with its containers, and connections to them hang for a while then: ip link set dev docker0 address $(cat "$bridge/address")"
  fi
}

# Makes an engine answer: the one that is there, else docker.io of the distribution. Returns 1 when none can be had
# (ENGINE_PROBLEM says why), 2 when one is there but this login may not use it yet.
ensure_engine() {
  local packages=docker.io
  if engine_answers; then
    steady_bridge
    return 0
  fi
  if [ "$ENGINE_PROBLEM" = denied ]; then return 2; fi
  if [ -n "${DOCKER_HOST:-}" ]; then
    warn "no container engine answers at DOCKER_HOST=$DOCKER_HOST: $ENGINE_PROBLEM"
    return 1
  fi
  if [ "$NO_INSTALL" = 1 ]; then return 1; fi
  if ! have dockerd; then
    is_debian_like || return 1
    note "no container engine answers at $ENGINE_HOST; installing docker.io"
    apt_install $packages || return 1
  fi
  start_engine || return 1
  steady_bridge
  engine_answers && return 0
  [ "$ENGINE_PROBLEM" = denied ] && return 2
  return 1
}
