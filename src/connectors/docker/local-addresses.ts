// SPDX-License-Identifier: Apache-2.0
// Addresses of the machine that the daemon runs on, and which of them really leads to a published port.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';

const PROBE_TIMEOUT_MS = 1_000;
const LOOPBACK = '127.0.0.1';

/** Addresses of this machine's interfaces, without loopback. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

/**
 * Addresses at which published ports may be, best first: the one that other machines use, the other interfaces, the gateways (they lead
 * to the ports when the daemon itself runs in a container of the engine), the loopback address.
 * @param gateways addresses of the engine's bridge on its host
 */
export async function candidateAddresses(gateways: readonly string[]): Promise<readonly [string, ...string[]]> {
  const primary = await outgoingAddress();
  const [first = LOOPBACK, ...others] = new Set([
    ...(primary === undefined ? [] : [primary]),
    ...ownAddresses().filter((address) => !gateways.includes(address)),
    ...gateways,
    LOOPBACK,
  ]);
  return [first, ...others];
}

/** The address that this machine has towards the outside. Nothing is sent: connecting a datagram socket only picks the route. */
function outgoingAddress(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (address: string | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => finish(undefined));
    // 203.0.113.1 is a documentation address: it belongs to nobody and follows the default route.
    socket.connect(9, '203.0.113.1', () => finish(socket.address().address));
  });
}

/** The best of the addresses behind whose port an SSH server answers now. */
export async function answeringAddress(
  candidates: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const first = await firstAnswering(candidates, port, signal);
  // The server may have come up between two probes: ask the better ones again.
  const better = first === undefined ? [] : candidates.slice(0, candidates.indexOf(first));
  return (await firstAnswering(better, port, signal)) ?? first;
}

async function firstAnswering(
  candidates: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const address of candidates) {
    signal.throwIfAborted();
    if (await greetsAsSsh(address, port)) return address;
  }
  return undefined;
}

/** An open port is not enough: the engine's own proxy accepts connections before anything listens in the container. */
function greetsAsSsh(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: PROBE_TIMEOUT_MS });
    const finish = (isSsh: boolean): void => {
      socket.destroy();
      resolve(isSsh);
    };
    socket.once('data', (chunk) => finish(chunk.toString('latin1').startsWith('SSH-')));
    for (const event of ['timeout', 'end', 'close', 'error']) socket.once(event, () => finish(false));
  });
}
