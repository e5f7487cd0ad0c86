#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the node image im-node:latest: a plain Debian or Ubuntu with sshd, sudo and python3, as a cloud's image would offer it. No secret is in it.
#
#   scripts/node-image.sh [--from auto|registry|packages] [--force]   image in the engine; nothing to do when it is up to date
#   scripts/node-image.sh --tree                                      only the tree, as a tar file; prints its path as last line
#
#   --from registry   builds on debian:bookworm-slim (or IM_NODE_BASE_IMAGE) pulled by the engine
#   --from packages   makes the tree with mmdebstrap or debootstrap from this host's package mirror and imports it
#   --from auto       the cached tree if there is one, else the registry if it answers within 10 s, else packages (default)
#
# The tree is kept in var/cache. Needs npm packages (npm ci) for everything but --tree.
set -euo pipefail
# shellcheck source=scripts/setup-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup-lib.sh"

IMAGE=im-node:latest
BASE_IMAGE=${IM_NODE_BASE_IMAGE:-debian:bookworm-slim}
CACHE_DIR=$VAR_DIR/cache
PACKAGES=openssh-server,sudo,passwd,python3,python3-apt,iproute2,procps,mount,e2fsprogs,fdisk,curl,ca-certificates

from=auto force=0 tree_only=0
while [ $# -gt 0 ]; do
  case $1 in
    --from) from=${2:-} && shift ;;
    --force) force=1 ;;
    --tree) tree_only=1 ;;
    -h | --help) sed -n '3,13s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) die "unknown option $1 (see --help)" ;;
  esac
  shift
done
case $from in auto | registry | packages) ;; *) die "--from takes auto, registry or packages, not '$from'" ;; esac

suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-bookworm}")
image_tool() { (cd "$ROOT_DIR" && node --import tsx scripts/quickstart/image-tool.ts "$@"); }

# The same sources that this host's apt reads, restricted to the distribution itself: mirrors and security updates come along.
package_sources() {
  apt-get indextargets --format '$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '($1 == "Debian" || $1 == "Ubuntu") && $4 == "main" { print "deb " $2 " " $3 " main" }' | sort -u
}

# Runs inside the new tree: what must not be shared by all nodes (host keys, machine id) goes away, as does what no node needs.
strip_tree='rm -rf "$1"/etc/ssh/ssh_host_* "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/var/log/*.log; : >"$1/etc/machine-id"; mkdir -p "$1/run/sshd"'

# What the image depends on: when any of it changes, the image is made anew.
recipe_id=$(printf '%s|%s|%s' "$suite" "$PACKAGES" "$strip_tree" | sha256sum | cut -c1-16)
tree=$CACHE_DIR/node-$suite-$recipe_id.tar

make_tree_with_mmdebstrap() {
  local sources=()
  mapfile -t sources < <(package_sources)
  if [ ${#sources[@]} -eq 0 ]; then
    apt_get update >"$VAR_DIR/apt.log" 2>&1 || warn "apt-get update failed; using the distribution's default mirror"
    mapfile -t sources < <(package_sources)
  fi
  as_root mmdebstrap --quiet --mode=root --variant=apt --include="$PACKAGES" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="$strip_tree" --format=tar "$suite" - "${sources[@]}" >"$1"
}

make_tree_with_debootstrap() {
  local directory=$CACHE_DIR/node-tree.new
  as_root rm -rf --one-file-system "$directory"
  as_root debootstrap --variant=minbase --include="$PACKAGES" "$suite" "$directory" \
    "$(package_sources | awk -v suite="$suite" '$3 == suite { print $2; exit }')" >"$VAR_DIR/debootstrap.log" 2>&1 || return 1
  as_root sh -c "$strip_tree" sh "$directory"
  as_root tar --numeric-owner -C "$directory" -cf - . >"$1"
  as_root rm -rf --one-file-system "$directory"
}

make_tree() {
  local started=$SECONDS
  if [ -s "$tree" ] && [ "$force" = 0 ]; then return 0; fi
  mkdir -p "$CACHE_DIR"
  rm -f "$CACHE_DIR"/node-*.tar "$CACHE_DIR"/node-*.tar.new
  # Unpacked by host-nodes.sh, with root's rights.
  if compgen -G "$CACHE_DIR/node-*.tree" >/dev/null; then as_root rm -rf --one-file-system "$CACHE_DIR"/node-*.tree; fi
  if ! have mmdebstrap && ! have debootstrap; then
    [ "${NO_INSTALL:-0}" = 0 ] || die "mmdebstrap is missing, which makes the node image: apt-get install mmdebstrap"
    apt_install mmdebstrap || apt_install debootstrap || die "neither mmdebstrap nor debootstrap could be installed"
  fi
  if have mmdebstrap; then
    note "making a $suite tree with mmdebstrap (about 30 s)"
    make_tree_with_mmdebstrap "$tree.new" || die "mmdebstrap failed; its messages are above"
  else
    note "making a $suite tree with debootstrap (about 40 s)"
    make_tree_with_debootstrap "$tree.new" || die "debootstrap failed: $(tail -n 5 "$VAR_DIR/debootstrap.log")"
  fi
  mv "$tree.new" "$tree"
  note "tree made in $((SECONDS - started)) s, $(du -m "$tree" | cut -f1) MiB"
}

build_from_registry() {
  local directory
  directory=$(mktemp -d)
  cat >"$directory/Dockerfile" <<DOCKERFILE
FROM $BASE_IMAGE
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${PACKAGES//,/ } && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* && mkdir -p /run/sshd
EXPOSE 22
CMD ["/usr/sbin/sshd", "-D", "-e"]
DOCKERFILE
  if image_tool build "$IMAGE" "$recipe_id" "$directory" "$BASE_IMAGE"; then
    rm -rf "$directory"
    return 0
  fi
  rm -rf "$directory"
  return 1
}

if [ "$tree_only" = 1 ]; then
  make_tree
  echo "$tree"
  exit 0
fi

if [ "$force" = 0 ] && image_tool check "$IMAGE" "$recipe_id"; then
  note "the node image $IMAGE is up to date"
  exit 0
fi
if [ "$from" = registry ] || { [ "$from" = auto ] && [ ! -s "$tree" ]; }; then
  if build_from_registry; then exit 0; fi
  [ "$from" = auto ] || die "the node image could not be built from $BASE_IMAGE"
  note "no registry can be used from here; making the image from this host's package mirror"
fi
make_tree
image_tool import "$IMAGE" "$recipe_id" "$tree"
