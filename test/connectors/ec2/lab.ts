// SPDX-License-Identifier: Apache-2.0
// The AWS of the EC2 tests: a moto server of the file's own behind the front, with an account per test and a look at everything in it.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { ConnectorSettings } from '../../../src/connectors/connector.js';
import { builtInConnectorTypes, type CloudConnector, createConnectorRegistry } from '../../../src/connectors/index.js';
import type { AuthItem } from '../../../src/domain/index.js';
import { type AwsFront, openAwsFront } from '../../support/aws/aws-front.js';
import { startMoto } from '../../support/aws/moto.js';
import type { PrivateServer } from '../../support/databases/private-server.js';
import { needPeers } from '../../support/peers.js';
import { cloud, connectorEnvironment, recordingLogger } from '../support.js';

/** Region of the tests. */
export const REGION = 'us-east-1';
/** An Ubuntu image that the simulator knows. */
export const IMAGE = 'ami-1e749f67';
export const IMAGE_URL = `aws://${REGION}/${IMAGE}`;

/** What a connector of the tests may differ in. */
export interface ConnectOptions {
  readonly item?: AuthItem;
  readonly settings?: Partial<ConnectorSettings>;
  readonly now?: () => number;
  readonly logger?: ReturnType<typeof recordingLogger>['logger'];
}

/** The lab of one test file. */
export class Lab {
  front!: AwsFront;
  /** Access key of the present test, whose account nobody else uses. */
  accessKey = '';
  moto: PrivateServer | undefined;

  connect({ item = {}, settings = {}, now, logger = recordingLogger().logger }: ConnectOptions = {}): CloudConnector {
    const environment = { ...connectorEnvironment(settings, logger), ...(now !== undefined && { now }) };
    return createConnectorRegistry(environment, builtInConnectorTypes).connect(
      cloud('EC2', { item: { ...this.item(), ...item } }),
    );
  }

  /** The authorization item of the present account. */
  item(): AuthItem {
    const endpoint = this.front === undefined ? 'http://127.0.0.1:9' : this.front.url;
    return { type: 'EC2', username: this.accessKey || 'AKIANOBODY', password: 'secret', endpoint };
  }

  newAccount(): void {
    this.accessKey = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`;
  }

  /** An EC2 action in the present account, past all rules. */
  ask(action: string, parameters: Readonly<Record<string, string>> = {}, region = REGION): Promise<string> {
    return this.front.ask(this.accessKey, action, parameters, region);
  }

  /** Ids in an answer. */
  async ids(
    action: string,
    element: string,
    parameters: Readonly<Record<string, string>> = {},
    region = REGION,
  ): Promise<readonly string[]> {
    const xml = await this.ask(action, parameters, region);
    return [
      ...new Set([...xml.matchAll(new RegExp(`<${element}>([^<]+)</${element}>`, 'g'))].map(([, id = '']) => id)),
    ];
  }

  /** Instances that are not terminated. */
  instances(filters: Readonly<Record<string, string>> = {}, region = REGION): Promise<readonly string[]> {
    const parameters: Record<string, string> = { 'Filter.1.Name': 'instance-state-name' };
    for (const [index, state] of ['pending', 'running', 'stopping', 'stopped'].entries()) {
      parameters[`Filter.1.Value.${index + 1}`] = state;
    }
    for (const [index, [name, value]] of Object.entries(filters).entries()) {
      parameters[`Filter.${index + 2}.Name`] = name;
      parameters[`Filter.${index + 2}.Value.1`] = value;
    }
    return this.ids('DescribeInstances', 'instanceId', parameters, region);
  }

  instancesOf(infrastructureId: string, region = REGION): Promise<readonly string[]> {
    return this.instances({ 'tag:im-inf': infrastructureId }, region);
  }

  /** Everything in the account that does not come with it. */
  async everything(region = REGION): Promise<readonly string[]> {
    const notDefault = { 'Filter.1.Name': 'is-default', 'Filter.1.Value.1': 'false' };
    const groups = await this.ask('DescribeSecurityGroups', {}, region);
    return [
      ...(await this.instances({}, region)),
      ...(await this.ids('DescribeVolumes', 'volumeId', {}, region)),
      ...(await this.ids('DescribeAddresses', 'publicIp', {}, region)),
      ...[...groups.matchAll(/<groupName>(im-[^<]+|mine[^<]*)</g)].map(([, name = '']) => name),
      ...(await this.ids('DescribeVpcs', 'vpcId', notDefault, region)),
      ...(await this.ids('DescribeInternetGateways', 'internetGatewayId', {}, region)),
      ...(await this.ids('DescribeKeyPairs', 'keyName', {}, region)),
      ...(await this.ids('DescribeImages', 'imageId', { 'Owner.1': 'self' }, region)),
      ...ofImages(await this.ask('DescribeSnapshots', { 'Owner.1': 'self' }, region)),
      ...(await this.front.zones(this.accessKey)),
      ...(await this.ids('DescribeSpotInstanceRequests', 'spotInstanceRequestId', {}, region)),
    ];
  }
}

/** Snapshots that do not belong to the images which every account has. */
function ofImages(xml: string): readonly string[] {
  const items = xml.split('<snapshotId>').slice(1);
  return items
    .filter((item) => !item.includes('Auto-created snapshot for AMI'))
    .map((item) => item.split('<')[0] ?? '');
}

/** Starts a lab around the tests of the describe that it is called in; each test has an account of its own, in which it leaves nothing. */
export function useLab(): Lab {
  const lab = new Lab();
  before(async function () {
    await needPeers(this, 'moto');
    this.timeout(60_000);
    lab.moto = await startMoto();
    lab.front = await openAwsFront(lab.moto.port);
  });
  beforeEach(() => {
    lab.newAccount();
    lab.front.reset();
  });
  after(async () => {
    const violations = lab.front?.violations ?? [];
    await lab.front?.close();
    await lab.moto?.destroy();
    expect([...new Set(violations)], 'requests that the official models do not allow').to.deep.equal([]);
  });
  return lab;
}
