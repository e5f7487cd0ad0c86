// SPDX-License-Identifier: Apache-2.0
// TOSCA documents that are kept with infrastructures: also those of old databases, which nobody checked.
import { expect } from 'chai';
import { storedTosca } from '../../src/manager/stored-tosca.js';
import { rejection } from '../store/rejection.js';
import { types } from '../tosca/support.js';

const environment = {
  tosca: { types, fetchText: () => Promise.reject(new Error('nothing is fetched')), allowedRepository: '' },
};

describe('The stored TOSCA document', () => {
  for (const TOSCA of ['a: [', 'no mapping']) {
    it(`'${TOSCA}' is not taken for a mistake in the request`, async () => {
      const error = await rejection(storedTosca(environment, { id: 'the-id', extra: { TOSCA } }), 'bad-request');
      expect(error.message).to.match(/^The TOSCA document that is kept with infrastructure the-id cannot be read: /);
    });
  }
});
