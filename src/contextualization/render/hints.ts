// SPDX-License-Identifier: Apache-2.0
// What users can do about a failure, as far as its text tells.

interface Hint {
  readonly pattern: RegExp;
  readonly text: string;
}

// Repetitions are bounded: the texts come from nodes. The first one that matches counts.
const HINTS: readonly Hint[] = [
  {
    pattern: /OOM killer|Cannot allocate memory|MemoryError|worker was found in a dead state|\bKilled\b/i,
    text: 'The machine ran out of memory: ask for more (memory.size), or let fewer things run at once.',
  },
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    text: 'A disk is full: ask for a larger one (disk.0.size).',
  },
  {
    pattern: /Could not get lock|Failed to lock apt|dpkg frontend lock|lockfile is held by|waiting for the lock/i,
    text: 'Another package manager was at work on the machine. Reconfigure; if it happens often, raise PLAYBOOK_RETRIES.',
  },
  {
    pattern: /couldn't resolve module\/action|The module \S{1,200} was not found|couldn't resolve plugin/i,
    text: 'A collection is missing: name it in disk.0.applications as ansible.collections.<namespace>.<name>.',
  },
  {
    pattern: /the role '[^']{1,200}' was not found/i,
    text: 'A role is missing: name it in disk.0.applications as ansible.roles.<name>.',
  },
  {
    pattern:
      /Missing sudo password|Incorrect sudo password|sudo: a (?:terminal|password) is required|privilege escalation prompt/i,
    text: 'sudo asks for a password that is not known: give disk.0.os.credentials.password, or let the user run sudo without one.',
  },
  {
    pattern: /incorrect credentials|Permission denied \(|authentication fail/i,
    text: 'The machine refuses the log-in: check disk.0.os.credentials (user name, key, password) against the image.',
  },
  {
    pattern: /shows the host key/i,
    text: 'Another machine answers at this address, or it was made anew outside of the Infrastructure Manager.',
  },
  {
    pattern: /Decryption failed|vault (?:secret|password)/i,
    text: 'The recipe is encrypted with another password than vault.password of the system.',
  },
  {
    pattern: /is undefined\b/i,
    text: 'The recipe uses a variable that nobody sets: check its spelling, or give it a default.',
  },
  {
    pattern:
      /Temporary failure (?:in name resolution|resolving)|Could not resolve host|Name or service not known|Network is unreachable/i,
    text: 'The machine cannot reach the network: check its name server, its route out (outbound) and its proxy.',
  },
  {
    pattern: /YAML|mapping values are not allowed|must contain at least one play|is not a valid attribute for a Play/i,
    text: 'The recipe is no valid playbook: a list of plays in YAML is wanted.',
  },
  {
    pattern:
      /Timeout waiting SSH access|no SSH server|unreachable|Failed to connect to the host via ssh|Connection (?:refused|timed out|reset|closed)/i,
    text: 'The machine does not answer over SSH: check that it runs and that its firewall and security groups let port 22 in.',
  },
  {
    pattern: /public IP|requested IPs|have an IP/i,
    text: 'The provider gave no address in time: check its quota of public addresses, or raise WAIT_PUBLIC_IP_TIMEOUT.',
  },
  {
    pattern: /No correct Master VM/i,
    text: 'One Linux machine needs a public network (outbound = yes) or a proxy host; or name an Ansible host (ansible_host).',
  },
  {
    pattern: /Max contextualization time passed|time limit/i,
    text: 'Give it more time: contextualize <seconds> (...), or MAX_CONTEXTUALIZATION_TIME.',
  },
  {
    pattern: /No Ansible runtime|runtime bundle/i,
    text: 'The operator of the Infrastructure Manager has to provide an Ansible runtime for this machine.',
  },
];

/** The advice for a failure with these lines; undefined when there is none. */
export function hintFor(lines: readonly string[]): string | undefined {
  const text = lines.join('\n');
  return HINTS.find(({ pattern }) => pattern.test(text))?.text;
}
