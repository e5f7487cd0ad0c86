#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the programs of the distribution that the Infrastructure Manager's quickstart and tests need; does nothing when they are there.
#
#   scripts/ensure-tools.sh [--no-install] [--engine required|optional|none]
#
#   --no-install   installs nothing; lists what is missing and ends with status 1 if anything is
#   --engine       whether a container engine is looked after too (default: optional)
#
# Debian and Ubuntu, as root or as a user with sudo. Exit status: 0 all there, 1 something is missing.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"
# shellcheck source=scripts/engine-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/engine-lib.sh"

engine=optional
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) NO_INSTALL=1 ;;
    --engine) engine=${2:-} && shift ;;
    -h | --help) sed -n '3,10s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done
case $engine in required | optional | none) ;; *) die "--engine takes required, optional or none, not '$engine'" ;; esac

# The runtime that goes to the nodes is packed from the Ansible of this host: ansible-core alone lacks the collection ansible.posix.
# Asked of the Python that ansible-playbook itself runs on, which need not be the first python3 of the PATH.
ansible_python() {
  local first
  first=$(head -n 1 "$(command -v ansible-playbook)" | sed -n 's/^#! *//p')
  case $first in *python*) printf '%s' "$first" ;; *) printf '/usr/bin/python3' ;; esac
}
ansible_is_complete() {
  have ansible-playbook || return 1
  # shellcheck disable=SC2046
  $(ansible_python) - 2>/dev/null <<'PYTHON'
import importlib.util as util, os, sys
for name in ("ansible", "jinja2", "yaml", "packaging", "resolvelib", "jmespath", "winrm"):
    if util.find_spec(name) is None:
        sys.exit(1)
places = [os.path.join(entry, "ansible_collections", "ansible", "posix") for entry in sys.path]
places.append("/usr/share/ansible/collections/ansible_collections/ansible/posix")
sys.exit(0 if any(os.path.isdir(place) for place in places) else 1)
PYTHON
}

missing=()
ansible_is_complete || missing+=(ansible python3-jmespath python3-resolvelib python3-winrm)
{ have ssh && have ssh-keygen; } || missing+=(openssh-client)
# Other versions of Ansible for the nodes come through pip.
{ python3 -m pip --version || /usr/bin/python3 -m pip --version || pip3 --version; } >/dev/null 2>&1 || missing+=(python3-pip)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$NO_INSTALL" = 1 ]; then
    echo "missing, would be installed by: apt-get install ${missing[*]}"
  else
    say "Installing ${missing[*]}"
    apt_install "${missing[@]}" || die "these packages could not be installed: ${missing[*]}"
    ansible_is_complete || die "Ansible is installed but $(command -v ansible-playbook) is not complete: jinja2, yaml, packaging, resolvelib, jmespath, winrm and the collection ansible.posix are needed in its Python ($(ansible_python))"
  fi
else
  note "Ansible and the OpenSSH client are there"
fi

engine_missing=0
if [ "$engine" != none ]; then
  status=0
  ensure_engine || status=$?
  case $status in
    0) note "a container engine answers at $ENGINE_HOST" ;;
    2) note "a container engine is at $ENGINE_HOST, but this user may not use it (group docker)" ;;
    *)
      engine_missing=1
      if [ "$NO_INSTALL" = 1 ]; then
        echo "missing, a container engine ($ENGINE_PROBLEM): apt-get install docker.io"
      else
        warn "no container engine can be had here: $ENGINE_PROBLEM"
      fi
      ;;
  esac
fi

if [ "$NO_INSTALL" = 1 ] && [ ${#missing[@]} -gt 0 ]; then exit 1; fi
if [ "$engine_missing" = 1 ] && { [ "$engine" = required ] || [ "$NO_INSTALL" = 1 ]; }; then exit 1; fi
