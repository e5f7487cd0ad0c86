// SPDX-License-Identifier: Apache-2.0
// Routes of the clouds of the caller and of the statistics (rest-api.md §9.18-9.20).
import { statsDate } from '../../stats-date.js';
import { JSON_ONLY } from '../accept.js';
import type { ErrorRules } from '../error-rules.js';
import { type Parameter, parsed } from '../parameters.js';
import { RestProblem, unknownPathElement } from '../problem.js';
import type { Route } from '../route.js';
import { array, field, ref } from '../schemas.js';

const CLOUD_ERRORS: ErrorRules = { prefix: 'Error getting cloud info: ' };

const readFilters = (list: string): Readonly<Record<string, string>> => {
  const pairs = list.split(',').map((pair): [string, string] => {
    const [key, value, ...more] = pair.split('=');
    if (key === undefined || key.trim() === '' || value === undefined || more.length > 0) {
      throw new RestProblem(400, 'Invalid format in filters parameter.');
    }
    return [key.trim(), value.trim()];
  });
  return Object.fromEntries(pairs);
};

const FILTERS = parsed(
  'filters',
  'What the images must have: key=value pairs separated by commas.',
  readFilters,
  '^([^=,]*[^=,\\s][^=,]*=[^=,]*(,[^=,]*[^=,\\s][^=,]*=[^=,]*)*)?$',
);

function dateParameter(name: string, description: string): Parameter<string | undefined> {
  const read = (value: string): string => {
    const date = statsDate(value);
    if (date === undefined) throw new RestProblem(400, `Incorrect format in ${name} parameter: YYYY/MM/dd`);
    return date;
  };
  return parsed(name, description, read, '^(\\d{4}-\\d{2}-\\d{2}|\\d{4}/\\d{2}/\\d{2})?$');
}

const INIT_DATE = dateParameter('init_date', 'First day of creation, as YYYY/MM/dd or YYYY-MM-dd.');
const END_DATE = dateParameter('end_date', 'Last day of creation, included.');

export const cloudRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/clouds/:cloudId/images',
    operationId: 'GetCloudImages',
    summary: 'Images of a cloud of the caller.',
    answer: field('images', array(ref('Image'))),
    parameters: [FILTERS],
    isBlocking: true,
    produces: JSON_ONLY,
    errors: CLOUD_ERRORS,
    handle: async ({ manager, call, param, get }) => ({
      kind: 'field',
      name: 'images',
      json: await manager.cloudImages(call, param('cloudId'), get(FILTERS) ?? {}),
    }),
  },
  {
    method: 'GET',
    path: '/clouds/:cloudId/quotas',
    operationId: 'GetCloudQuotas',
    summary: 'Used and allowed amounts of a cloud of the caller.',
    answer: field('quotas', ref('Quotas')),
    isBlocking: true,
    produces: JSON_ONLY,
    errors: CLOUD_ERRORS,
    handle: async ({ manager, call, param }) => ({
      kind: 'field',
      name: 'quotas',
      json: await manager.cloudQuotas(call, param('cloudId')),
    }),
  },
  {
    method: 'GET',
    path: '/clouds/:cloudId/:property',
    operationId: 'GetUnknownCloudProperty',
    summary: 'No such property.',
    produces: JSON_ONLY,
    isFallback: true,
    errors: CLOUD_ERRORS,
    handle: async ({ param }) => {
      throw unknownPathElement('Incorrect cloud property', 'param', param('property'), ['images', 'quotas']);
    },
  },
  {
    method: 'GET',
    path: '/stats',
    operationId: 'GetStats',
    summary: 'Statistics of the infrastructures of the caller; administrators see those of all.',
    answer: field('stats', array(ref('StatsRow'))),
    parameters: [INIT_DATE, END_DATE],
    produces: {
      defaultType: 'application/json',
      others: [
        { type: 'text/csv', format: 'csv' },
        { type: 'text/*', format: 'csv' },
      ],
    },
    errors: { prefix: 'Error getting stats: ' },
    handle: async ({ manager, call, get }) => {
      const [from, to] = [get(INIT_DATE), get(END_DATE)];
      const rows = await manager.stats(call, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
      return { kind: 'table', name: 'stats', rows };
    },
  },
];
