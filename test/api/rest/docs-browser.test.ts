// SPDX-License-Identifier: Apache-2.0
// The page with the description of the API in a real browser: it works with nothing but this service.
import { expect } from 'chai';
import { listedRoutes } from '../../../src/api/rest/openapi.js';
import { PAGE_LIST } from '../../../src/api/rest/page-list.js';
import { withBrowser } from '../../support/browser.js';
import { needPeers } from '../../support/peers.js';
import { type RestService, startRest } from './rest-service.js';

const WAIT = { timeout: 60_000 };

describe('the description of the API in a browser', function () {
  this.timeout(120_000);
  let service: RestService;
  before(async function () {
    await needPeers(this, 'browser');
    service = await startRest();
  });
  after(() => service?.stop());

  for (const path of ['/docs', '/']) {
    it(`${path} shows every operation, and calls can be tried on it`, async () => {
      await withBrowser(async ({ page, requests, complaints }) => {
        page.setDefaultTimeout(WAIT.timeout);
        await page.goto(service.base + path);
        await page.waitForSelector('#operations-service-GetVersion', WAIT);
        const shown = await page.locator('.opblock').count();
        expect(shown).to.equal(listedRoutes.length + Object.keys(PAGE_LIST).length);

        const operation = page.locator('#operations-service-GetVersion');
        await operation.locator('.opblock-summary-control').click();
        await operation.locator('.try-out__btn').click();
        await operation.locator('.execute').click();
        const answer = operation.locator('.live-responses-table');
        await answer.waitFor(WAIT);
        expect(await answer.locator('.response-col_status').last().innerText()).to.contain('200');
        expect(await answer.locator('.microlight, .highlight-code').first().innerText()).to.contain('3.0.0');
        if (process.env.IM_TEST_SCREENSHOT) await page.screenshot({ path: process.env.IM_TEST_SCREENSHOT });

        expect(requests).to.include(`${service.base}/version`);
        const elsewhere = requests.filter((url) => !url.startsWith(`${service.base}/`) && !url.startsWith('data:'));
        expect(elsewhere).to.deep.equal([]);
        expect(complaints).to.deep.equal([]);
      });
    });
  }
});
