// SPDX-License-Identifier: Apache-2.0
// What runs in a container to make it a node that can be logged in to: an SSH server with a root password (docker.md §3.1).

/** Folder in the container for what the launch leaves there; readable by root only. */
const FOLDER = '/etc/im-launch';

/** File with `root:<password>`, put into the container before its first start so that no command line or environment shows it. */
export const CREDENTIALS_FILE = `${FOLDER}/credentials`;

/** Environment variable with the password, for Swarm services, into which no file can be put. */
export const PASSWORD_VARIABLE = 'IM_ROOT_PASSWORD';

// Installs only what is missing, so that a prepared image starts at once and without network. Each package by itself: names differ
// between distributions, and one unknown name makes a package manager refuse all of them.
const INSTALL = `
if ! command -v /usr/sbin/sshd >/dev/null 2>&1; then
  echo 'im: installing an SSH server'
  if command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o Acquire::Retries=2 -o Acquire::http::Timeout=20 update
    for package in openssh-server python3 sudo; do
      apt-get -o Acquire::http::Timeout=20 install -y --no-install-recommends "$package"
    done
  elif command -v apk >/dev/null 2>&1; then
    for package in openssh python3 sudo; do apk add --no-cache "$package"; done
  elif command -v dnf >/dev/null 2>&1; then
    for package in openssh-server python3 sudo; do dnf install -y "$package"; done
  elif command -v yum >/dev/null 2>&1; then
    for package in openssh-server python3 sudo; do yum install -y "$package"; done
  elif command -v zypper >/dev/null 2>&1; then
    for package in openssh python3 sudo which; do zypper --non-interactive install "$package"; done
  fi
fi
if ! command -v /usr/sbin/sshd >/dev/null 2>&1; then
  echo 'im: the image has no /usr/sbin/sshd and it could not be installed' >&2
  exit 1
fi`;

// The password is set once: later starts must not undo a change made since. The keys that came with the image are known to everybody
// who has the image, so the first start replaces them.
const FIRST_START = `
mkdir -p ${FOLDER} /run/sshd /var/run/sshd
chmod 700 ${FOLDER}
chmod 755 /run/sshd /var/run/sshd
wanted="$(cat ${CREDENTIALS_FILE} 2>/dev/null)"
[ -n "$wanted" ] || wanted="\${${PASSWORD_VARIABLE}:+root:$${PASSWORD_VARIABLE}}"
unset ${PASSWORD_VARIABLE}
if [ -n "$wanted" ] && [ "$wanted" != "$(cat ${FOLDER}/applied 2>/dev/null)" ]; then
  printf '%s\\n' "$wanted" | chpasswd || exit 1
  rm -f /etc/ssh/ssh_host_*
  (umask 077; printf '%s\\n' "$wanted" > ${FOLDER}/applied)
fi
unset wanted
if ! ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1; then
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
  ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/ssh_host_ecdsa_key
  ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1 || ssh-keygen -A
fi`;

// The first value that sshd reads counts, also before the files that an Include line brings in.
const ALLOW_ROOT = `
config=/etc/ssh/sshd_config
if ! grep -q '^# im-launch$' "$config" 2>/dev/null; then
  { printf '# im-launch\\nPermitRootLogin yes\\nPasswordAuthentication yes\\n'; cat "$config" 2>/dev/null; } > "$config.im"
  cat "$config.im" > "$config"
  rm -f "$config.im"
fi
[ ! -f /etc/pam.d/sshd ] || sed -i 's/^\\(session[[:space:]]*\\)required\\([[:space:]]*pam_loginuid.so\\)/\\1optional\\2/' /etc/pam.d/sshd
rm -f /run/nologin /var/run/nologin`;

/** Command line that turns a container into a node; works with any POSIX shell. */
export function bootstrapCommand(): readonly string[] {
  return [
    '/bin/sh',
    '-c',
    `trap 'exit 143' TERM\n${INSTALL.trimStart()}${FIRST_START}${ALLOW_ROOT}\nexec /usr/sbin/sshd -D -e\n`,
  ];
}
