// SPDX-License-Identifier: Apache-2.0
// Addresses of the machine that the daemon runs on, and which of them really leads to a published port.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';

const PROBE_TIMEOUT_MS = 1_000;
const LOOPBACK = '127.0.0.1';

/** An address of an interface of this machine. */
export interface OwnAddress {
  readonly interfaceName: string;
  readonly address: string;
}

/** Interfaces that the engine makes for a network or a container: they go with it, and nobody outside reaches them. */
const OF_THE_ENGINE = /^(?:br-[0-9a-f]{12}|docker_gwbridge|veth[0-9a-f]+)$/;

/** Addresses of this machine's lasting interfaces, without loopback. */
export function ownAddresses(): readonly string[] {
  return Object.entries(networkInterfaces())
    .flatMap(([interfaceName, addresses = []]) => addresses.map((entry) => ({ ...entry, interfaceName })))
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .filter(isLasting)
    .map(({ address }) => address);
}

/** Does the interface outlive the engine's networks? */
export const isLasting = ({ interfaceName }: OwnAddress): boolean => !OF_THE_ENGINE.test(interfaceName);

/** Addresses of the engine's bridges on its host. */
export interface BridgeGateways {
  /** Of the bridge that is always there. */
  readonly common: readonly string[];
  /** Of networks that come and go. */
  readonly others: readonly string[];
}

/**
 * Addresses at which published ports may be, best first: the one that other machines use, the other interfaces, the common bridge (it
 * leads to the ports when the daemon itself runs in a container of the engine), the loopback address. Never the bridge of a network that
 * may be gone a moment later, although it answers.
 */
export async function candidateAddresses(gateways: BridgeGateways): Promise<readonly [string, ...string[]]> {
  return orderedCandidates(await outgoingAddress(), ownAddresses(), gateways);
}

/** See {@link candidateAddresses}. @param primary the address that other machines use, if there is one */
export function orderedCandidates(
  primary: string | undefined,
  own: readonly string[],
  { common, others }: BridgeGateways,
): readonly [string, ...string[]] {
  const bridges = new Set([...common, ...others]);
  const [first = LOOPBACK, ...rest] = new Set([
    ...(primary === undefined ? [] : [primary]),
    ...own.filter((address) => !bridges.has(address)),
    ...common,
    LOOPBACK,
  ]);
  return [first, ...rest];
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
