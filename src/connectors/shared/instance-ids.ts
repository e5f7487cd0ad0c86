// SPDX-License-Identifier: Apache-2.0
// Provider ids for machines that no provider numbers.

/**
 * An id in the look of the reference (unix time in hundredths of a second), followed by the VM's number so that the VMs of a batch,
 * which start within one hundredth, differ (dummy.md §3, deployednode.md §3).
 * @param nowMs milliseconds since 1970
 */
export function timeBasedId(nowMs: number, vmNumber: number): string {
  return `${Math.floor(nowMs / 10)}${vmNumber}`;
}
