// SPDX-License-Identifier: Apache-2.0
// RADL documents of the end-to-end tests: one front with a public side, workers behind it, recipes that leave traces.
import { DOCKER_IMAGE } from '../support/docker-cloud.js';

/** A recipe as a `configure` section. Tasks are YAML list items, each line indented by four blanks. */
export const recipe = (name: string, tasks: string): string =>
  `configure ${name} (\n@begin\n---\n- tasks:\n${tasks}\n@end\n)\n`;

/** A task that writes text to a file. */
export const writes = (path: string, content: string): string =>
  `    - name: Write ${path}\n      ansible.builtin.copy:\n        dest: ${path}\n        content: ${JSON.stringify(content)}`;

/** A task that adds a line to a file each time it runs. */
export const appends = (path: string): string =>
  `    - name: Append to ${path}\n      ansible.builtin.shell: echo ran >>${path}`;

/** A task that waits until a file exists. */
export const waitsFor = (path: string): string =>
  `    - name: Wait for ${path}\n      ansible.builtin.wait_for:\n        path: ${path}\n        sleep: 1\n        timeout: 120`;

/** Front and workers as Docker nodes; sections and deploys follow. */
export const cluster = (sections: string, deploys: Readonly<Record<string, number>>): string => `
network public (outbound = 'yes')
network private ()
system front (
  cpu.count >= 1 and
  memory.size >= 512m and
  net_interface.0.connection = 'public' and
  net_interface.0.dns_name = 'front' and
  net_interface.1.connection = 'private' and
  disk.0.os.name = 'linux' and
  disk.0.image.url = '${DOCKER_IMAGE}'
)
system wn (
  cpu.count >= 1 and
  memory.size >= 512m and
  net_interface.0.connection = 'private' and
  net_interface.0.dns_name = 'wn-#N#' and
  disk.0.os.name = 'linux' and
  disk.0.image.url = '${DOCKER_IMAGE}'
)
${sections}
${Object.entries(deploys)
  .map(([system, count]) => `deploy ${system} ${count}\n`)
  .join('')}`;

/** Another worker for a running infrastructure. */
export const oneWorkerMore = 'network private\nsystem wn\ndeploy wn 1\n';
