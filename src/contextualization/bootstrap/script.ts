// SPDX-License-Identifier: Apache-2.0
// The fixed shell programs that prepare a node without Ansible (contextualization.md §24.2). They hold no data: all values, secrets
// above all, come on standard input, so that nothing shows in a process list.

/**
 * Runs as the user of the log-in and becomes root: `sh -c OUTER im INNER`. Standard input: one line with the sudo password (base64,
 * `-` when there is none), then the lines for the inner program. The inner program skips everything before its `begin` line, so a
 * password that sudo did not ask for is dropped unread.
 */
export const OUTER_SCRIPT = String.raw`
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C
read -r pw64
user=$(id -un)
home=$HOME
if [ "$(id -u)" = 0 ]; then exec sh -c "$1" im root "$user" "$home"; fi
if ! command -v sudo >/dev/null 2>&1; then printf 'IM1\tsudo\tfailed\tsudo is not installed and %s is not root\n' "$user"; exit 3; fi
if sudo -n true </dev/null >/dev/null 2>&1; then exec sudo -n sh -c "$1" im free "$user" "$home"; fi
if [ "$pw64" = - ]; then
  printf 'IM1\tsudo\tfailed\t%s\n' "$(sudo -n true </dev/null 2>&1 | tr '\n\t' '  ')"
  exit 3
fi
pw=$(printf %s "$pw64" | base64 -d)
{ printf '%s\n' "$pw"; cat; } | sudo -k -S -p '' sh -c "$1" im password "$user" "$home"
`;

/**
 * Runs as root: `$1` how root was reached, `$2` the user of the log-in, `$3` his home. Standard input: `begin`, then lines
 * `<name> <value>` with texts in base64, then `end`. Prints `IM1 <step> <status> <detail>` (tab separated) as each step ends; status is
 * `ok` (nothing to do), `changed`, `failed` or `fact`. Every step may run again.
 */
export const INNER_SCRIPT = String.raw`
set -u
umask 022
sudo_mode=$1; user=$2; home=$3
fqdn=; etc_hosts=; key=; token=; new_password=; new_key=; nat=0; need_ssh=0
while read -r line; do [ "$line" = begin ] && break; done
while read -r name value; do
  case $name in
    end) break ;;
    fqdn) fqdn=$value ;;
    etc_hosts) etc_hosts=$value ;;
    key) key=$(printf %s "$value" | base64 -d) ;;
    new_password) new_password=$(printf %s "$value" | base64 -d) ;;
    new_key) new_key=$(printf %s "$value" | base64 -d) ;;
    token) token=$(printf %s "$value" | base64 -d) ;;
    nat) nat=$value ;;
    need_ssh) need_ssh=$value ;;
  esac
done
exec </dev/null

say() { printf 'IM1\t%s\t%s\t%s\n' "$1" "$2" "$(printf %s "$3" | tr '\n\t' '  ' | cut -c1-400)"; }
have() { command -v "$1" >/dev/null 2>&1; }
limited() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }
say sudo ok "$sudo_mode"

wait_for_boot() {
  [ -d /run/systemd/system ] && have systemctl || return 0
  waited=0
  while [ $waited -lt 120 ]; do
    case $(systemctl is-system-running 2>/dev/null) in
      initializing | starting) sleep 1; waited=$((waited + 1)) ;;
      *) break ;;
    esac
  done
  [ $waited = 0 ] || say boot ok "waited $waited s for the end of the boot"
}

# Periodic upgrades hold the package lock for minutes; a fresh stamp keeps them from starting.
stamp_apt() {
  [ -d /var/lib/apt ] || return 0
  mkdir -p /var/lib/apt/periodic 2>/dev/null
  for name in update download-upgradeable upgrade unattended-upgrades autoclean; do
    { : >"/var/lib/apt/periodic/$name-stamp"; } 2>/dev/null || { say apt_stamp failed 'cannot write /var/lib/apt/periodic'; return 0; }
  done
}

install_package() { # one name per package manager: apt, dnf and yum, zypper, apk
  if have apt-get; then
    export DEBIAN_FRONTEND=noninteractive
    limited 120 apt-get -q -o DPkg::Lock::Timeout=100 update >/dev/null 2>&1
    apt-get -q -y -o DPkg::Lock::Timeout=100 --no-install-recommends install "$1" 2>&1 | tail -n 3
  elif have dnf; then dnf -q -y install "$2" 2>&1 | tail -n 3
  elif have yum; then yum -q -y install "$2" 2>&1 | tail -n 3
  elif have zypper; then ZYPP_LOCK_TIMEOUT=100 zypper -q --non-interactive install "$3" 2>&1 | tail -n 3
  elif have apk; then apk add -q -U --wait 100 "$4" 2>&1 | tail -n 3
  else printf 'no package manager that is known here'
  fi
}

python_of() { python3 -c 'import sys; assert sys.version_info >= (3, 5); print("%d.%d.%d %s" % (sys.version_info[:3] + (sys.executable,)))' 2>/dev/null; }

ensure_python() {
  python=$(python_of) && { say python ok "$python"; return 0; }
  output=$(install_package python3 python3 python3 python3)
  python=$(python_of) && { say python changed "$python"; return 0; }
  say python failed "python3 is missing and cannot be installed: $output"
  return 1
}

ensure_ssh_client() {
  [ "$need_ssh" = 1 ] || return 0
  have ssh && return 0
  output=$(install_package openssh-client openssh-clients openssh-clients openssh-client)
  if have ssh; then say ssh_client changed ''; else say ssh_client failed "ssh is missing and cannot be installed: $output"; fi
}

# Where SELinux is on, Ansible writes files only with its Python part.
ensure_selinux_python() {
  have selinuxenabled && selinuxenabled || return 0
  python3 -c 'import selinux' 2>/dev/null && { say selinux ok ''; return 0; }
  output=$(install_package python3-selinux python3-libselinux python3-selinux py3-libselinux)
  # Its name in release 7 of the Red Hat family.
  python3 -c 'import selinux' 2>/dev/null || ! have yum || output=$(install_package - libselinux-python3 - -)
  if python3 -c 'import selinux' 2>/dev/null; then say selinux changed ''; else say selinux failed "the Python part of SELinux is missing and cannot be installed: $output"; fi
}

# The file is written in place: containers mount it. Orig + ours, whatever earlier runs wrote (contextualization.md 10).
write_hosts() {
  [ -n "$etc_hosts" ] || return 0
  [ -e /etc/hosts.orig ] || cp -p /etc/hosts /etc/hosts.orig 2>/dev/null || : >/etc/hosts.orig
  printf %s "$etc_hosts" | base64 -d >/etc/hosts.im || { say hosts failed 'cannot write /etc/hosts.im'; return 0; }
  wanted=$(cat /etc/hosts.orig; cat /etc/hosts.im)
  if [ "$wanted" = "$(cat /etc/hosts)" ]; then say hosts ok ''; return 0; fi
  if printf '%s\n' "$wanted" >/etc/hosts; then say hosts changed ''; else say hosts failed 'cannot write /etc/hosts'; fi
}

# After the hosts file: a name that cannot be looked up makes every sudo wait for DNS.
set_host_name() {
  [ -n "$fqdn" ] || return 0
  if [ "$(cat /proc/sys/kernel/hostname 2>/dev/null || hostname)" = "$fqdn" ]; then say hostname ok "$fqdn"; return 0; fi
  if [ -d /run/systemd/system ] && have hostnamectl && limited 20 hostnamectl set-hostname "$fqdn" >/dev/null 2>&1; then
    say hostname changed "$fqdn"
  elif problem=$(hostname "$fqdn" 2>&1); then
    printf '%s\n' "$fqdn" >/etc/hostname 2>/dev/null
    say hostname changed "$fqdn"
  else
    say hostname failed "$problem"
  fi
}

add_key() { # step, key
  [ -n "$2" ] || return 0
  directory=$home/.ssh; file=$directory/authorized_keys; owner=$(id -u "$user"):$(id -g "$user")
  body=$(printf %s "$2" | cut -d ' ' -f 1,2)
  if grep -qF "$body" "$file" 2>/dev/null; then say "$1" ok ''; return 0; fi
  if [ ! -d "$directory" ]; then mkdir -p "$directory" && chmod 700 "$directory" && chown "$owner" "$directory"; fi
  [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ] && printf '\n' >>"$file"
  if printf '%s\n' "$2" >>"$file" && chown "$owner" "$file" && chmod 600 "$file"; then
    have restorecon && restorecon -R "$directory" >/dev/null 2>&1
    say "$1" changed ''
  else
    say "$1" failed "cannot write $file"
    return 1
  fi
}

drop_requiretty() {
  grep -Eq '^[[:space:]]*Defaults[[:space:]]+requiretty' /etc/sudoers 2>/dev/null || return 0
  if sed -i 's/^[[:space:]]*Defaults[[:space:]]\{1,\}requiretty/#&/' /etc/sudoers; then say requiretty changed ''; else say requiretty failed 'cannot change /etc/sudoers'; fi
}

# For whoever logs in; a line of the file, replaced when it is another one (contextualization.md 11.2).
set_token() {
  [ -n "$token" ] || return 0
  file=/etc/environment; wanted="BEARER_TOKEN=$token"
  # Not by grep: its command line is seen by everybody.
  while read -r line; do [ "$line" = "$wanted" ] && { say token ok ''; return 0; }; done 2>/dev/null <"$file"
  rest=$(grep -v '^BEARER_TOKEN=' "$file" 2>/dev/null)
  if { [ -z "$rest" ] || printf '%s\n' "$rest"; printf '%s\n' "$wanted"; } >"$file.im" && chmod 644 "$file.im" && mv "$file.im" "$file"; then
    say token changed ''
  else
    say token failed "cannot write $file"
  fi
}

# Interfaces as the reference has them, and the one of the default route.
nat_interfaces() {
  for interface in $(awk '$2 == "00000000" && $8 == "00000000" { print $1 }' /proc/net/route 2>/dev/null) eth0 ens4; do
    [ -e "/sys/class/net/$interface" ] && printf '%s\n' "$interface"
  done | sort -u
}

set_up_nat() {
  [ "$nat" = 1 ] || return 0
  status=ok problem=
  have iptables || { status=changed; problem=$(install_package iptables iptables iptables iptables); }
  have iptables || { say nat failed "iptables is missing and cannot be installed: $problem"; return 0; }
  problem=
  if [ "$(cat /proc/sys/net/ipv4/ip_forward 2>/dev/null)" != 1 ]; then
    status=changed
    problem=$({ printf '1\n' >/proc/sys/net/ipv4/ip_forward; } 2>&1)
  fi
  for interface in $(nat_interfaces); do
    iptables -w -t nat -C POSTROUTING -o "$interface" -j MASQUERADE 2>/dev/null && continue
    status=changed
    problem="$problem$(iptables -w -t nat -A POSTROUTING -o "$interface" -j MASQUERADE 2>&1)"
  done
  if [ -z "$problem" ]; then say nat "$status" "$(nat_interfaces | tr '\n' ' ')"; else say nat failed "$problem"; fi
}

# Ubuntu's cloud images come without package lists, and recipes rely on them; at most hourly (contextualization.md 11.1).
refresh_apt() {
  [ "$os_id" = ubuntu ] && have apt-get || return 0
  [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mmin -60 2>/dev/null | head -n 1)" ] && return 0
  if limited 120 apt-get -q -o DPkg::Lock::Timeout=100 update >/dev/null 2>&1; then say apt_update changed ''; else say apt_update failed 'apt-get update failed or took longer than 120 s'; fi
}

change_password() {
  [ -n "$new_password" ] || return 0
  if problem=$(printf '%s:%s\n' "$user" "$new_password" | chpasswd 2>&1); then say password changed ''; else say password failed "$problem"; fi
}

os_id=; os_release=
if [ -r /etc/os-release ]; then
  os_id=$(ID=; . /etc/os-release; printf %s "$ID"); os_release=$(VERSION_ID=; . /etc/os-release; printf %s "$VERSION_ID")
fi
say os fact "$os_id $os_release"
say arch fact "$(uname -m)"
say time_zone fact "$(date +%z)"
failed=0
write_hosts
wait_for_boot
stamp_apt
ensure_python || failed=1
ensure_ssh_client
ensure_selinux_python
set_host_name
add_key key "$key" || failed=1
drop_requiretty
set_token
set_up_nat
refresh_apt
add_key new_key "$new_key"
change_password
say mounts fact "$(df -P 2>/dev/null | awk 'NR > 1 && $1 ~ "^/dev/" { printf "%s=%s ", $6, $4 }')"
say end fact "$failed"
exit $failed
`;
