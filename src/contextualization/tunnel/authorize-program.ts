// SPDX-License-Identifier: Apache-2.0
// The fixed program that keeps the `authorized_keys` of a master; it gets its data on standard input.

/**
 * Runs as the user of the log-in. Standard input: the mark of the tunnel, which ends its line as the comment of the key, and then the
 * line that is wanted, or an empty one when there shall be none. Exit 4: the SSH server is too old to keep a key to one port.
 *
 * A line is appended, as whatever else adds keys may be doing at the same time; only taking one out writes the file anew, into its
 * place in one step, so that sshd never reads half of it.
 */
export const AUTHORIZE_PROGRAM = String.raw`
set -eu
umask 077
export LC_ALL=C
IFS= read -r mark
IFS= read -r wanted || true
directory=$HOME/.ssh
if [ -n "$wanted" ]; then
  case $(ssh -V 2>&1 || true) in
    OpenSSH_[1-6].* | OpenSSH_7.[0-7] | OpenSSH_7.[0-7][!0-9]*) echo 'OpenSSH is older than 7.8' >&2; exit 4 ;;
  esac
  mkdir -p "$directory"
elif [ ! -f "$directory/authorized_keys" ]; then exit 0
fi
exec 9<"$directory"
if command -v flock >/dev/null 2>&1; then flock -w 10 9; fi
file=$(readlink -f "$directory/authorized_keys") || file=$directory/authorized_keys
if [ -n "$wanted" ] && grep -qxF -e "$wanted" "$file" 2>/dev/null; then exit 0; fi
if awk -v mark="$mark" '$NF == mark { found = 1 } END { exit !found }' "$file" 2>/dev/null; then
  new=$(mktemp "$file.XXXXXX")
  trap 'rm -f "$new"' EXIT
  cp -p "$file" "$new"
  awk -v mark="$mark" '$NF != mark' "$file" >"$new"
  mv -f "$new" "$file"
fi
[ -n "$wanted" ] || exit 0
if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
printf '%s\n' "$wanted" >>"$file"
if command -v restorecon >/dev/null 2>&1; then restorecon -R "$directory" >/dev/null 2>&1 || true; fi
`;
