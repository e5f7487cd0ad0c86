#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the OpenStack services that the tests of the OpenStack connector run on loopback; does nothing when they are there.
#
#   scripts/ensure-openstack.sh [--no-install]
#
#   --no-install   installs nothing; says what is missing instead
#
# Only the libraries of the services are installed (Debian 12: 280 packages, 45 MB to fetch), no daemon is started. The services' pipeline
# files, which belong to other packages, are unpacked into var/openstack/paste.
# Exit status: 0 all there, 1 something is missing.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"

parse_ensure_options "$@"

LAB=$ROOT_DIR/test/support/openstack-lab/lab.sh
PASTE_DIR=$VAR_DIR/openstack/paste
PACKAGES=(python3-keystone python3-placement python3-glance python3-nova python3-neutron python3-cinder rabbitmq-server mariadb-server-core mariadb-client-core)

# rabbitmq-server wants to start a broker when it is installed; the tests start their own.
without_service_starts() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then "$@"; return; fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 0755 "$policy"
  "$@" || status=$?
  as_root rm -f "$policy"
  return $status
}

unpack_paste_files() {
  local service work
  work=$(mktemp -d)
  mkdir -p "$PASTE_DIR"
  for service in nova neutron cinder glance; do
    (cd "$work" && apt-get download -qq "$service-common" >/dev/null 2>&1) || { rm -rf "$work" && return 1; }
    dpkg -x "$work/$service-common"_*.deb "$work/$service"
    cp "$(find "$work/$service/usr/share/$service-common" -name '*paste.ini' | head -n 1)" "$PASTE_DIR/$service-paste.ini"
  done
  rm -rf "$work"
}

missing=$("$LAB" problem)
if [ -z "$missing" ]; then
  note "OpenStack is there"
  exit 0
fi
if [ "$NO_INSTALL" = 1 ]; then
  echo "OpenStack: $missing; would be installed by: apt-get install ${PACKAGES[*]}"
  exit 1
fi
is_debian_like || die "OpenStack's packages are only known for Debian and Ubuntu: $missing"
case $missing in
  *'paste files'*) ;;
  *)
    say "Installing OpenStack's services"
    without_service_starts apt_install "${PACKAGES[@]}" || die "these packages could not be installed: ${PACKAGES[*]}"
    ;;
esac
[ -f "$PASTE_DIR/nova-paste.ini" ] || unpack_paste_files || die "the pipeline files of OpenStack's services could not be fetched"
missing=$("$LAB" problem)
[ -z "$missing" ] || die "$missing"
