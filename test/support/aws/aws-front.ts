// SPDX-License-Identifier: Apache-2.0
// A door in front of moto: it checks every request against the official model, adds the rules of AWS that moto leaves out (client tokens,
// dependencies, eventual consistency), keeps accounts apart by access key, and breaks on purpose.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createKeyedSemaphore } from '../../../src/util/keyed-semaphore.js';
import { ec2Violations, jsonViolations, restAction, xmlViolations } from './service-model.js';

/** One request. */
export interface AwsCall {
  readonly service: string;
  readonly action: string;
  readonly region: string;
  readonly accessKey: string;
  /** Header with the session token; empty without one. */
  readonly sessionToken: string;
  /** Parameters in the form of the wire (`Filter.1.Name`); empty for services with bodies. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What becomes of a request: an error of AWS, or a connection that breaks before or after the work is done. */
export type Treatment =
  | 'pass'
  | 'drop'
  | 'lose-answer'
  | { readonly status: number; readonly code: string; readonly message: string };

/** Too many requests, as EC2 says it. */
export const THROTTLED: Treatment = { status: 503, code: 'RequestLimitExceeded', message: 'Request limit exceeded.' };

/** An open door. */
export interface AwsFront {
  readonly url: string;
  /** Every request since the last `reset`, in order. */
  readonly calls: readonly AwsCall[];
  /** What requests said that the official models do not allow. */
  readonly violations: readonly string[];
  /** Decides about each request. */
  decide: (call: AwsCall) => Treatment;
  /** How many looks at instances do not show those that were launched since. */
  hiddenLooks: number;
  /** How many looks see instances that were terminated as still shutting down. */
  lingeringLooks: number;
  /** Names of the actions since the last `reset`. */
  actions(): readonly string[];
  /** Forgets calls and bad behaviour; what the simulator holds stays. */
  reset(): void;
  /** Asks the simulator past all rules: an EC2 action in an account. */
  ask(
    accessKey: string,
    action: string,
    parameters?: Readonly<Record<string, string>>,
    region?: string,
  ): Promise<string>;
  /** Names of the hosted zones of an account. */
  zones(accessKey: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens the door. @param tls key and certificate for HTTPS */
export async function openAwsFront(
  motoPort: number,
  tls?: { readonly key: string; readonly cert: string },
): Promise<AwsFront> {
  const state = new FrontState(motoPort);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void state.handle(request, response);
  };
  const server: Server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

/** Instance types of the tests: moto takes twelve seconds to tell all. */
const INSTANCE_TYPES =
  'a1.medium c5.large c5.metal c5.xlarge g4dn.xlarge g5.xlarge i3.large m1.small m5.large m5d.large t2.micro t2.nano t3.large ' +
  't3.medium t3.micro t3.nano t3.xlarge t3a.medium t3a.nano t4g.nano';

/** The account of an access key: twelve digits. */
export function accountOf(accessKey: string): string {
  const digits = BigInt(`0x${createHash('sha256').update(accessKey).digest('hex').slice(0, 12)}`) % 900_000_000_000n;
  return String(digits + 100_000_000_000n);
}

const idsIn = (xml: string, pattern: RegExp): readonly string[] => [...xml.matchAll(pattern)].map(([, id = '']) => id);

class FrontState {
  readonly calls: AwsCall[] = [];
  readonly violations: string[] = [];
  decide: (call: AwsCall) => Treatment = () => 'pass';
  hiddenLooks = 0;
  lingeringLooks = 0;
  readonly #motoPort: number;
  /** Answers of create calls by account, region and client token. */
  readonly #byToken = new Map<string, { readonly request: string; readonly answer: Answer }>();
  readonly #perToken = createKeyedSemaphore(1);
  /** Groups and subnet of each instance. */
  readonly #uses = new Map<string, ReadonlySet<string>>();
  /** Instances that were terminated through the door. */
  readonly #gone = new Set<string>();
  #hiddenFor = 0;
  #lingering: { instance: string; looks: number }[] = [];

  constructor(motoPort: number) {
    this.#motoPort = motoPort;
  }

  actions(): readonly string[] {
    return this.calls.map(({ action }) => action);
  }

  reset(): void {
    this.calls.length = 0;
    this.decide = () => 'pass';
    this.hiddenLooks = 0;
    this.lingeringLooks = 0;
    this.#hiddenFor = 0;
    this.#lingering = [];
  }

  async ask(
    accessKey: string,
    action: string,
    parameters: Readonly<Record<string, string>> = {},
    region = 'us-east-1',
  ): Promise<string> {
    const body = new URLSearchParams({ Action: action, Version: '2016-11-15', ...parameters }).toString();
    const { status, text } = await this.#forward('POST', '/', body, {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/20260101/${region}/ec2/aws4_request, SignedHeaders=host, Signature=0`,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-moto-account-id': accountOf(accessKey),
    });
    if (status >= 300) throw new Error(`${action}: ${text}`);
    if (action === 'RunInstances') this.#noteUses(Object.entries(parameters), text);
    return text;
  }

  async zones(accessKey: string): Promise<readonly string[]> {
    const { text } = await this.#forward('GET', '/2013-04-01/hostedzone', '', {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/20260101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0`,
      'x-moto-account-id': accountOf(accessKey),
    });
    return idsIn(text, /<Name>([^<]+)/g);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      const call = readCall(request, body);
      this.calls.push(call);
      this.#check(call, request);
      const treatment = this.decide(call);
      if (treatment === 'drop') {
        request.socket.destroy();
        return;
      }
      const answer = typeof treatment === 'object' ? refusal(call, treatment) : await this.#serve(call, request);
      if (treatment === 'lose-answer') {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, answer.headers);
      response.end(answer.text);
    } catch (error) {
      response.writeHead(500);
      response.end(String(error));
    }
  }

  #check(call: AwsCall, request: IncomingMessage): void {
    const { service, action, body } = call;
    const found =
      service === 'ec2'
        ? ec2Violations(action, call.parameters)
        : service === 'route53'
          ? xmlViolations('route53', action, body)
          : jsonViolations('service-quotas', action, body);
    this.violations.push(...found);
    if (!/^AWS4-HMAC-SHA256 /.test(request.headers.authorization ?? ''))
      this.violations.push(`${action} is not signed`);
  }

  async #serve(call: AwsCall, request: IncomingMessage): Promise<Answer> {
    const { action, parameters } = call;
    const token = parameters.get('ClientToken');
    if (token !== undefined && action.startsWith('Run')) {
      return this.#perToken.run(`${call.accessKey} ${call.region} ${token}`, () => this.#once(call, token, request));
    }
    const problem = call.service === 'ec2' ? await this.#dependency(call) : undefined;
    if (problem !== undefined) return refusal(call, problem);
    if (action === 'DescribeInstances' && this.#hiddenFor > 0) {
      this.#hiddenFor -= 1;
      const isById = parameters.has('InstanceId.1');
      return isById
        ? refusal(call, { status: 400, code: 'InvalidInstanceID.NotFound', message: 'The instance ID does not exist' })
        : {
            status: 200,
            headers: { 'content-type': 'text/xml' },
            text: '<DescribeInstancesResponse><requestId>r</requestId><reservationSet/></DescribeInstancesResponse>',
          };
    }
    const answer = await this.#pass(action === 'DescribeInstanceTypes' ? withFewTypes(call) : call, request);
    return action === 'TerminateInstances' ? this.#terminated(call, answer) : answer;
  }

  /** AWS knows terminated instances for an hour: terminating them again is no error, as it is in moto. */
  #terminated(call: AwsCall, answer: Answer): Answer {
    if (answer.status < 300) {
      for (const instance of idsIn(answer.text, /<instanceId>([^<]+)/g)) {
        this.#lingering.push({ instance, looks: this.lingeringLooks });
        this.#gone.add(instance);
      }
      return answer;
    }
    const ids = [...call.parameters].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id);
    if (!ids.every((id) => this.#gone.has(id))) return answer;
    const items = ids.map(
      (id) =>
        `<item><instanceId>${id}</instanceId><currentState><code>48</code><name>terminated</name></currentState></item>`,
    );
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      text: `<TerminateInstancesResponse><requestId>r</requestId><instancesSet>${items.join('')}</instancesSet></TerminateInstancesResponse>`,
    };
  }

  /** The rule of client tokens: the same request gives the first answer, another one is refused. */
  async #once(call: AwsCall, token: string, request: IncomingMessage): Promise<Answer> {
    const key = `${call.accessKey} ${call.region} ${token}`;
    const fingerprint = JSON.stringify([...call.parameters].sort());
    const known = this.#byToken.get(key);
    if (known !== undefined) {
      if (known.request === fingerprint) return known.answer;
      return refusal(call, {
        status: 400,
        code: 'IdempotentParameterMismatch',
        message: 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
      });
    }
    const answer = await this.#pass(call, request);
    if (answer.status < 300) {
      this.#byToken.set(key, { request: fingerprint, answer });
      this.#hiddenFor = this.hiddenLooks;
      this.#noteUses([...call.parameters], answer.text);
    }
    return answer;
  }

  /** What the instance of a create call uses. */
  #noteUses(parameters: readonly (readonly [string, string])[], answer: string): void {
    const [instance = ''] = idsIn(answer, /<instanceId>([^<]+)/g);
    const things = parameters.filter(([name]) => /SubnetId|SecurityGroupId/.test(name));
    this.#uses.set(instance, new Set(things.map(([, thing]) => thing)));
  }

  /** What AWS refuses to delete because something uses it, and moto does not. */
  async #dependency(call: AwsCall): Promise<Exclude<Treatment, string> | undefined> {
    const { action, parameters, accessKey, region } = call;
    const refused = (message: string) => ({ status: 400, code: 'DependencyViolation', message });
    const users = async (used: string): Promise<boolean> => {
      const known = [...this.#uses].filter(([, things]) => things.has(used)).map(([instance]) => instance);
      if (known.length === 0) return false;
      const ids = Object.fromEntries(known.map((instance, index) => [`InstanceId.${index + 1}`, instance]));
      const instances = (await this.ask(accessKey, 'DescribeInstances', ids, region)).split('<instanceId>').slice(1);
      return instances.some((text) => {
        const id = text.split('<')[0];
        if (!/<instanceState>\s*<code>48/.test(text)) return true;
        const lingering = this.#lingering.find(({ instance }) => instance === id);
        if (lingering === undefined || lingering.looks <= 0) return false;
        lingering.looks -= 1;
        return true;
      });
    };
    if (action === 'DeleteSecurityGroup') {
      const id = parameters.get('GroupId') ?? '';
      return (await users(id)) ? refused(`resource ${id} has a dependent object`) : undefined;
    }
    if (action === 'DeleteSubnet') {
      const id = parameters.get('SubnetId') ?? '';
      return (await users(id)) ? refused(`The subnet '${id}' has dependencies and cannot be deleted.`) : undefined;
    }
    if (action === 'DeleteVpc') {
      const id = parameters.get('VpcId') ?? '';
      const own = { 'Filter.1.Name': 'vpc-id', 'Filter.1.Value.1': id };
      const groups = idsIn(await this.ask(accessKey, 'DescribeSecurityGroups', own, region), /<groupName>([^<]+)/g);
      const attached = { 'Filter.1.Name': 'attachment.vpc-id', 'Filter.1.Value.1': id };
      const gateways = idsIn(
        await this.ask(accessKey, 'DescribeInternetGateways', attached, region),
        /<internetGatewayId>([^<]+)/g,
      );
      const isUsed = groups.some((name) => name !== 'default') || gateways.length > 0;
      return isUsed ? refused(`The vpc '${id}' has dependencies and cannot be deleted.`) : undefined;
    }
    return undefined;
  }

  #pass(call: AwsCall, request: IncomingMessage): Promise<Answer> {
    const headers: Record<string, string> = { 'x-moto-account-id': accountOf(call.accessKey) };
    for (const [name, value] of Object.entries(request.headers)) {
      if (typeof value === 'string' && !/^(host|connection|content-length|expect|amz-sdk|accept-encoding)/.test(name))
        headers[name] = value;
    }
    return this.#forward(request.method ?? 'POST', request.url ?? '/', call.body, headers);
  }

  async #forward(
    method: string,
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    // moto knows the service by the signature or the path; a host of AWS is what it looks at for REST services.
    const answer = await fetch(`http://127.0.0.1:${this.#motoPort}${path}`, {
      method,
      headers,
      ...(body !== '' && { body }),
    });
    return {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? 'text/xml' },
      text: await answer.text(),
    };
  }
}

function withFewTypes(call: AwsCall): AwsCall {
  const types = INSTANCE_TYPES.split(' ').map((type, index) => [`InstanceType.${index + 1}`, type] as const);
  const body = new URLSearchParams({
    Action: call.action,
    Version: '2016-11-15',
    ...Object.fromEntries(types),
  }).toString();
  return { ...call, body };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function readCall(request: IncomingMessage, body: string): AwsCall {
  const [, accessKey = '', region = '', service = ''] =
    /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const target = String(request.headers['x-amz-target'] ?? '');
  const parameters = new Map(service === 'ec2' ? new URLSearchParams(body) : []);
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  return {
    service,
    region,
    accessKey,
    sessionToken: String(request.headers['x-amz-security-token'] ?? ''),
    parameters,
    body,
    action:
      parameters.get('Action') ??
      (target === '' ? restAction('route53', request.method ?? 'GET', path) : (target.split('.').at(-1) ?? '')),
  };
}

function refusal(call: AwsCall, error: Exclude<Treatment, string>): Answer {
  const { status, code, message } = error;
  if (call.service === 'ec2') {
    return {
      status,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': `req-${call.action}` },
      text: `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>req-${call.action}</RequestID></Response>`,
    };
  }
  if (call.service === 'route53') {
    return {
      status,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': `req-${call.action}` },
      text: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>req-${call.action}</RequestId></ErrorResponse>`,
    };
  }
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': `req-${call.action}` },
    text: JSON.stringify({ __type: code, message }),
  };
}
