#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Machines without a container engine: private sshds on loopback addresses of this host, for the quickstart's existing-hosts path.
#
#   host-nodes.sh up DIRECTORY PORT NAME=ADDRESS...    starts what is not running yet and waits until each answers
#   host-nodes.sh down DIRECTORY                       stops them and forgets what was written in them
#   host-nodes.sh list DIRECTORY                       "NAME ADDRESS PORT PID" of the running ones
#   host-nodes.sh mode                                 "namespaces" or "plain": how this host can do it
#
# Each machine has its own host key, host name, processes and files (mount, UTS, IPC and PID namespaces over the tree of
# the node image; writes stay in memory); it shares only the network, and listens on its loopback address alone. Where
# namespaces are not permitted, as in an unprivileged container, the sshds run directly on this host and say so.
# DIRECTORY gets the user key pair (id_ed25519), the host keys, logs and pid files. Needs root or sudo.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../setup-lib.sh"

USER_NAME=cloud

usage() {
  sed -n '3,14s/^# \{0,1\}//p' "$0"
  exit "${1:-0}"
}

is_running() { # PIDFILE: the process is alive and is one of ours
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [ -n "$pid" ] && { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qF -- "$(dirname "$1")"
}

namespaces_are_permitted() {
  # shellcheck disable=SC2016
  as_root unshare --mount --uts --ipc --pid --fork sh -c 'd=$(mktemp -d) && mount -t tmpfs none "$d" && mkdir "$d/l" "$d/u" "$d/w" "$d/m" &&
    mount -t overlay overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w" "$d/m" && umount "$d/m" && umount "$d" && rmdir "$d"' 2>/dev/null
}

# The program mount is no part of the smallest installations.
ensure_mount() { have mount || [ "$NO_INSTALL" = 1 ] || apt_install mount >&2; }

print_mode() { ensure_mount && if namespaces_are_permitted; then echo namespaces; else echo plain; fi; }

# An sshd of the distribution that does not start by itself, neither now nor at boot: only our private ones shall listen.
ensure_sshd_on_host() {
  [ -x /usr/sbin/sshd ] && return 0
  [ "$NO_INSTALL" = 0 ] || die "openssh-server is missing: apt-get install openssh-server"
  local guard=/usr/sbin/policy-rc.d made_guard=0
  if [ ! -e $guard ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee $guard >/dev/null
    as_root chmod 755 $guard
    made_guard=1
  fi
  apt_install openssh-server sudo || die "openssh-server could not be installed"
  [ $made_guard = 0 ] || as_root rm -f $guard
  if [ -d /run/systemd/system ]; then
    as_root systemctl disable --now ssh.service ssh.socket >/dev/null 2>&1 || true
    note "openssh-server is installed, its own service is left disabled"
  fi
}

unpack_tree() { # prints the directory that holds the node tree
  local tar directory
  tar=$("$ROOT_DIR/scripts/node-image.sh" --tree | tail -n 1)
  directory=${tar%.tar}.tree
  if ! as_root test -e "$directory/.complete"; then
    as_root rm -rf --one-file-system "$directory"
    as_root mkdir -p "$directory"
    as_root tar --numeric-owner -C "$directory" -xf "$tar"
    as_root touch "$directory/.complete"
  fi
  echo "$directory"
}

write_sshd_config() { # DIRECTORY-OF-THE-MACHINE ADDRESS PORT PATH-PREFIX
  cat >"$1/sshd_config" <<CONFIG
ListenAddress $2:$3
HostKey $4/ssh_host_ed25519_key
AuthorizedKeysFile $4/authorized_keys .ssh/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 50:30:100
MaxSessions 50
Subsystem sftp internal-sftp
CONFIG
}

# First program of a machine inside its namespaces: $1 its directory, $2 the tree, $3 its name, $4 its user.
# shellcheck disable=SC2016
MACHINE_INIT='set -eu
mount -t tmpfs -o mode=755 machine "$1/mnt"
mkdir "$1/mnt/upper" "$1/mnt/work" "$1/mnt/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/mnt/upper,workdir=$1/mnt/work" "$1/mnt/root"
root=$1/mnt/root
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || true
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom tty; do : >"$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"; ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir -p "$root/run/sshd" "$root/run/lock" "$root/machine"
hostname "$3"
printf "127.0.0.1 localhost\n127.0.1.1 %s\n" "$3" >"$root/etc/hosts"
cp "$1/sshd_config" "$1/ssh_host_ed25519_key" "$1/authorized_keys" "$root/machine/"
chmod 600 "$root/machine/ssh_host_ed25519_key"; chmod 644 "$root/machine/authorized_keys"
chroot "$root" useradd --create-home --shell /bin/bash "$4"
# A password that nothing matches, but not a locked account: sshd without PAM turns locked accounts away.
chroot "$root" usermod --password "*" "$4"
printf "%s ALL=(ALL) NOPASSWD:ALL\n" "$4" >"$root/etc/sudoers.d/$4"; chmod 440 "$root/etc/sudoers.d/$4"
exec chroot "$root" /usr/sbin/sshd -D -e -f /machine/sshd_config'

start_machine() { # DIRECTORY NAME ADDRESS PORT MODE TREE
  local directory=$1/$2
  if is_running "$directory/pid"; then return 0; fi
  mkdir -p "$directory/mnt"
  [ -s "$directory/ssh_host_ed25519_key" ] || ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$directory/ssh_host_ed25519_key"
  cp "$1/id_ed25519.pub" "$directory/authorized_keys"
  printf '%s %s\n' "$3" "$4" >"$directory/address"
  if [ "$5" = namespaces ]; then
    write_sshd_config "$directory" "$3" "$4" /machine
    # 9 is the lock of set-up, which a machine must not hold.
    as_root setsid --fork sh -c 'echo $$ >"$1/pid"; exec unshare --mount --uts --ipc --pid --fork --kill-child=KILL sh -c "$2" sh "$1" "$3" "$4" "$5" >"$1/log" 2>&1 9>&- </dev/null' \
      sh "$directory" "$MACHINE_INIT" "$6" "$2" "$USER_NAME" >/dev/null 2>&1
  else
    write_sshd_config "$directory" "$3" "$4" "$directory"
    as_root setsid --fork sh -c 'mkdir -p /run/sshd; echo $$ >"$1/pid"; exec /usr/sbin/sshd -D -e -f "$1/sshd_config" >"$1/log" 2>&1 9>&- </dev/null' \
      sh "$directory" >/dev/null 2>&1
  fi
}

wait_for_banner() { # DIRECTORY NAME ADDRESS PORT
  local deadline=$((SECONDS + 30)) banner
  while [ $SECONDS -lt $deadline ]; do
    if banner=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2" && IFS= read -r line <&3 && printf %s "$line"' bash "$3" "$4" 2>/dev/null); then
      case $banner in SSH-*) return 0 ;; esac
    fi
    sleep 0.1
  done
  tail -n 5 "$1/$2/log" >&2 || true
  die "the sshd of $2 did not answer at $3:$4 within 30 s (log: $1/$2/log)"
}

up() {
  local directory port mode=namespaces tree='' user=$USER_NAME machine
  directory=$(realpath -m "$1") port=$2
  shift 2
  mkdir -p "$directory"
  chmod 700 "$directory"
  [ -s "$directory/id_ed25519" ] || ssh-keygen -q -t ed25519 -N '' -C im-quickstart -f "$directory/id_ed25519"
  if [ "$(print_mode)" = namespaces ]; then
    tree=$(unpack_tree)
  else
    mode=plain user=root
    ensure_sshd_on_host
    warn "namespaces are not permitted here: the recipe is applied to this host itself (it adds users, a small web service and lines to /etc/hosts)"
  fi
  for machine in "$@"; do start_machine "$directory" "${machine%%=*}" "${machine#*=}" "$port" $mode "$tree"; done
  for machine in "$@"; do wait_for_banner "$directory" "${machine%%=*}" "${machine#*=}" "$port"; done
  echo "$user" >"$directory/user"
}

down() {
  local directory pid_file pid
  directory=$(realpath -m "$1")
  for pid_file in "$directory"/*/pid; do
    [ -e "$pid_file" ] || continue
    if is_running "$pid_file"; then
      pid=$(cat "$pid_file")
      # unshare takes the machine's processes with it (--kill-child); a plain sshd has its own session.
      as_root kill -TERM -- "-$pid" 2>/dev/null || as_root kill -TERM "$pid" 2>/dev/null || true
      for _ in $(seq 50); do
        is_running "$pid_file" || break
        sleep 0.1
      done
      if is_running "$pid_file"; then as_root kill -KILL -- "-$pid" 2>/dev/null || as_root kill -KILL "$pid" || true; fi
    fi
  done
  as_root rm -rf --one-file-system "$directory"
}

list() {
  local pid_file directory
  for pid_file in "$(realpath -m "$1")"/*/pid; do
    if is_running "$pid_file"; then
      directory=$(dirname "$pid_file")
      echo "$(basename "$directory") $(cat "$directory/address") $(cat "$pid_file")"
    fi
  done
}

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
  up) [ $# -ge 3 ] || usage 2 >&2 && up "$@" ;;
  down) [ $# -eq 1 ] || usage 2 >&2 && down "$1" ;;
  list) [ $# -eq 1 ] || usage 2 >&2 && list "$1" ;;
  mode) print_mode ;;
  -h | --help) usage ;;
  *) usage 2 >&2 ;;
esac
