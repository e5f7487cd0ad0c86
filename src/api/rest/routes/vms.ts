// SPDX-License-Identifier: Apache-2.0
// Routes of single virtual machines (rest-api.md §9.11-9.17).
import { printRadl, type Radl, radlToJson } from '../../../radl/index.js';
import { plainProperty, propertyText } from '../../property-value.js';
import type { Produces } from '../accept.js';
import { parseDocument } from '../document-body.js';
import type { ErrorRules } from '../error-rules.js';
import { flag, integer, requiredText } from '../parameters.js';
import { RestProblem, unknownPathElement } from '../problem.js';
import type { Reply } from '../reply.js';
import type { Route } from '../route.js';
import { ANY_FIELD, field, ref, TEXT } from '../schemas.js';
import { CONTEXT, NOTHING } from './infrastructures.js';

const PLAIN: Produces = { defaultType: 'text/plain' };
const PROPERTY_ERRORS: ErrorRules = {
  prefix: 'Error Getting VM. property: ',
  otherPrefix: 'Error Getting VM property: ',
};

const STEP = integer('step', 1, '1: the script that asks for step 2; 2: the command itself, `wait`, or `true`.');
const IMAGE_NAME = requiredText('image_name', 'Name of the new image.');
const AUTO_DELETE = flag('auto_delete', false, 'Delete the image together with the infrastructure.');

function radlReply(radl: Radl): Reply {
  return { kind: 'field', name: 'radl', json: radlToJson(radl), text: printRadl(radl) };
}

function noProperty(property: string, vmId: string): RestProblem {
  return new RestProblem(404, `Incorrect property ${property} for VM ID ${vmId}`, { code: 'not-found' });
}

function diskNumber(element: string): number {
  if (/^\d{1,9}$/.test(element)) return Number(element);
  const input = element.slice(0, 50);
  const message = `Error creating snapshot: The disk number must be a whole number, not '${input}'.`;
  throw new RestProblem(400, message, {
    detail: [{ type: 'int_parsing', loc: ['path', 'diskNum'], msg: message, input }],
  });
}

function powerRoute(operation: 'start' | 'stop' | 'reboot', operationId: string): Route {
  return {
    method: 'PUT',
    path: `/infrastructures/:infId/vms/:vmId/${operation}`,
    operationId,
    summary: `${operation[0]?.toUpperCase()}${operation.slice(1)}s a virtual machine.`,
    isBlocking: true,
    produces: NOTHING,
    errors: { prefix: `Error in ${operation} op in VM: ` },
    handle: async ({ manager, call, param }) => {
      const [infrastructureId, vmId] = [param('infId'), param('vmId')];
      if (operation === 'start') await manager.startVm(call, infrastructureId, vmId);
      else if (operation === 'stop') await manager.stopVm(call, infrastructureId, vmId);
      else await manager.rebootVm(call, infrastructureId, vmId);
      return { kind: 'empty' };
    },
  };
}

export const vmRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/infrastructures/:infId/vms/:vmId',
    operationId: 'GetVMInfo',
    summary: 'Live RADL document of a virtual machine.',
    answer: field('radl', ref('Radl')),
    produces: PLAIN,
    errors: {
      prefix: 'Error Getting VM. info: ',
      otherPrefix: 'Error Getting VM info: ',
    },
    handle: async ({ manager, call, param }) => radlReply(await manager.vmInfo(call, param('infId'), param('vmId'))),
  },
  {
    method: 'PUT',
    path: '/infrastructures/:infId/vms/:vmId',
    operationId: 'AlterVM',
    summary: 'Changes a virtual machine towards the given document.',
    answer: field('radl', ref('Radl')),
    body: 'document',
    isBlocking: true,
    produces: PLAIN,
    errors: { prefix: 'Error modifying resources: ' },
    handle: async ({ manager, call, param, body }) =>
      radlReply(await manager.alterVm(call, param('infId'), param('vmId'), parseDocument(body))),
  },
  {
    method: 'DELETE',
    path: '/infrastructures/:infId/vms/:vmId',
    operationId: 'DestroyVM',
    summary: 'Removes a virtual machine, or several whose ids are separated by commas.',
    parameters: [CONTEXT],
    isBlocking: true,
    produces: NOTHING,
    errors: { prefix: 'Error Removing resources: ' },
    handle: async ({ manager, call, param, get }) => {
      const ids = param('vmId').split(',');
      await manager.removeResources(call, param('infId'), ids, { isContextualized: get(CONTEXT) });
      return { kind: 'empty' };
    },
  },
  powerRoute('start', 'StartVM'),
  powerRoute('stop', 'StopVM'),
  powerRoute('reboot', 'RebootVM'),
  {
    method: 'PUT',
    path: '/infrastructures/:infId/vms/:vmId/disks/:diskNum/snapshot',
    operationId: 'CreateSnapShot',
    summary: 'Makes an image of a disk; the answer is its URL.',
    parameters: [IMAGE_NAME, AUTO_DELETE],
    isBlocking: true,
    produces: NOTHING,
    errors: { prefix: 'Error creating snapshot: ' },
    handle: async ({ manager, call, param, get }) => {
      const disk = diskNumber(param('diskNum'));
      const url = await manager.createSnapshot(
        call,
        param('infId'),
        param('vmId'),
        disk,
        get(IMAGE_NAME),
        get(AUTO_DELETE),
      );
      return { kind: 'raw', type: 'text/plain; charset=utf-8', text: url };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/vms/:vmId/contmsg',
    operationId: 'GetVMContMsg',
    summary: 'Log of the configuration of a virtual machine.',
    answer: field('contmsg', TEXT),
    produces: PLAIN,
    isPolled: true,
    errors: PROPERTY_ERRORS,
    handle: async ({ manager, call, param }) => {
      const log = await manager.vmContMsg(call, param('infId'), param('vmId'));
      return { kind: 'field', name: 'contmsg', json: log, text: log };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/vms/:vmId/command',
    operationId: 'GetVMCommand',
    summary: 'What a machine without reachable SSH runs to open a tunnel; also for the machine itself, with its token.',
    answer: field('command', TEXT),
    parameters: [STEP],
    produces: PLAIN,
    errors: PROPERTY_ERRORS,
    handle: async ({ manager, call, param, get }) => {
      const command = await manager.vmCommand(call, param('infId'), param('vmId'), get(STEP));
      if (command === undefined) throw noProperty('command', param('vmId'));
      return { kind: 'field', name: 'command', json: command, text: command };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/vms/:vmId/:property',
    operationId: 'GetVMProperty',
    summary: 'One RADL property of a virtual machine.',
    answer: ANY_FIELD,
    produces: PLAIN,
    errors: PROPERTY_ERRORS,
    handle: async ({ manager, call, param }) => {
      const [vmId, property] = [param('vmId'), param('property')];
      const value = await manager.vmProperty(call, param('infId'), vmId, property);
      if (value === undefined) throw noProperty(property, vmId);
      return { kind: 'field', name: property, json: plainProperty(value), text: propertyText(value) };
    },
  },
  {
    method: 'PUT',
    path: '/infrastructures/:infId/vms/:vmId/:operation',
    operationId: 'UnknownVMOperation',
    summary: 'No such operation.',
    produces: NOTHING,
    isFallback: true,
    errors: { prefix: '' },
    handle: async ({ param }) => {
      throw unknownPathElement('Operation not found', 'op', param('operation'), ['start', 'stop', 'reboot']);
    },
  },
];
