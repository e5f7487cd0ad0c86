// SPDX-License-Identifier: Apache-2.0
// The lines that all nodes get in /etc/hosts (contextualization.md §10).
import { defaultName, type NameSettings } from './names.js';
import { nodesBySystem, type PlannedNode } from './nodes.js';

/**
 * One line `<ip> <fqdn> <hostname>` per named interface of each node, and a line with the default name for a node whose interface 0
 * has none. Systems in the order of their first VM; lines end with LF.
 */
export function etcHosts(nodes: readonly PlannedNode[], settings: NameSettings): string {
  const lines = [...nodesBySystem(nodes).values()].flat().flatMap((node) => linesOf(node, settings));
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf(node: PlannedNode, settings: NameSettings): readonly string[] {
  const firstIp = node.interfaces.find(({ ip }) => ip !== undefined)?.ip ?? node.address;
  const lines: string[] = [];
  if (node.interfaces[0]?.name === undefined) {
    const { fqdn, hostname } = defaultName(node.vm, settings);
    lines.push(`${node.address} ${fqdn} ${hostname}`);
  }
  for (const { ip, name } of node.interfaces) {
    if (name !== undefined) lines.push(`${ip ?? firstIp} ${name.fqdn} ${name.hostname}`);
  }
  return lines;
}
