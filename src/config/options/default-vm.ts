// SPDX-License-Identifier: Apache-2.0
// Options of what a virtual machine is when its document does not say (configuration.md §2.2).
import { boolean, choice, integer, list, text } from '../option.js';

const PRIVATE_NET_MASKS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '198.18.0.0/15',
] as const;

/** The manuals write KiB, MiB and GiB where the option takes a letter. */
function readMemoryUnit(value: string): 'K' | 'M' | 'G' | undefined {
  const letter = /^([KMG])i?B$/i.exec(value)?.[1]?.toUpperCase();
  return letter === 'K' || letter === 'M' || letter === 'G' ? letter : undefined;
}

export const defaultVmOptions = {
  defaultVmMemory: integer({
    name: 'DEFAULT_VM_MEMORY',
    unit: 'DEFAULT_VM_MEMORY_UNIT',
    default: 512,
    min: 1,
    help: 'Least memory of a system that does not say how much it needs.',
  }),
  defaultVmMemoryUnit: choice({
    name: 'DEFAULT_VM_MEMORY_UNIT',
    words: ['K', 'M', 'G'],
    read: readMemoryUnit,
    default: 'M',
    emptyMeansDefault: true,
    help: 'Unit of DEFAULT_VM_MEMORY: K, M or G (KiB, MiB, GiB).',
  }),
  defaultVmCpus: integer({
    name: 'DEFAULT_VM_CPUS',
    unit: 'CPUs',
    default: 1,
    min: 1,
    help: 'Least number of CPUs of a system that does not say how many it needs.',
  }),
  defaultVmCpuArch: text({
    name: 'DEFAULT_VM_CPU_ARCH',
    default: 'x86_64',
    emptyMeansDefault: true,
    help: 'CPU architecture of a system that does not say which it needs, for example x86_64 or i386.',
  }),
  defaultVmName: text({
    name: 'DEFAULT_VM_NAME',
    default: 'vnode-#N#',
    emptyMeansDefault: true,
    help: 'Host name of a virtual machine whose document gives none; #N# stands for its id.',
  }),
  defaultDomain: text({
    name: 'DEFAULT_DOMAIN',
    default: 'localdomain',
    emptyMeansDefault: true,
    help: 'Domain of a virtual machine whose document gives none.',
  }),
  verifySsl: boolean({
    name: 'VERIFI_SSL',
    aliases: ['VERIFY_SSL'],
    default: true,
    help:
      'Checks the TLS certificates of clouds, OIDC issuers and Vault. A single credential can switch it off with ' +
      'verify = false. (grycap/im: False.)',
  }),
  privateNetMasks: list({
    name: 'PRIVATE_NET_MASKS',
    unit: 'networks (CIDR)',
    default: PRIVATE_NET_MASKS,
    help: 'Networks whose addresses are private; every other address is public.',
  }),
};
