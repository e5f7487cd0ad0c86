// SPDX-License-Identifier: Apache-2.0
// Liveness that depends on nothing, and readiness that tells what is missing.
import { expect } from 'chai';
import { createHealth, type HealthCheck } from '../../src/observability/health.js';

const good: HealthCheck = { name: 'database', run: () => Promise.resolve() };
const bad: HealthCheck = {
  name: 'migrations',
  run: () => Promise.reject(new Error('mysql://u:CANARY@h/d is not migrated')),
};
const stuck: HealthCheck = { name: 'leases', run: () => new Promise(() => {}) };

const healthOf = (checks: readonly HealthCheck[], timeoutMs = 10_000) => {
  let now = 1000;
  const health = createHealth({ version: '3.0.0', checks, monotonicNow: () => now, timeoutMs });
  return {
    health,
    wait: (ms: number) => {
      now += ms;
    },
  };
};

describe('health', () => {
  it('is alive whatever its checks would say, and runs none of them', () => {
    let ran = false;
    const check: HealthCheck = {
      name: 'database',
      run: () => {
        ran = true;
        return Promise.reject(new Error('gone'));
      },
    };
    const { health, wait } = healthOf([check]);
    wait(61_500);
    expect(health.liveness()).to.deep.equal({ status: 'ok', version: '3.0.0', uptimeSeconds: 61, checks: [] });
    expect(ran).to.equal(false);
  });

  it('is ready when all checks pass', async () => {
    const report = await healthOf([good]).health.readiness();
    expect(report.status).to.equal('ok');
    expect(report.checks).to.deep.equal([{ name: 'database', status: 'ok' }]);
  });

  it('is not ready when any fails, and says which and why without secrets', async () => {
    const report = await healthOf([good, bad]).health.readiness();
    expect(report.status).to.equal('failed');
    expect(report.checks[1]).to.deep.equal({
      name: 'migrations',
      status: 'failed',
      message: 'mysql://u:********@h/d is not migrated',
    });
  });

  it('does not wait for a check that hangs', async () => {
    const report = await healthOf([stuck, good], 5).health.readiness();
    expect(report.checks).to.deep.equal([
      { name: 'leases', status: 'failed', message: 'Timed out after 5 ms waiting for leases.' },
      { name: 'database', status: 'ok' },
    ]);
  });

  it('takes a check that throws at once for failed', async () => {
    const thrower: HealthCheck = {
      name: 'database',
      run: () => {
        throw new Error('closed');
      },
    };
    expect((await healthOf([thrower]).health.readiness()).checks).to.deep.equal([
      { name: 'database', status: 'failed', message: 'closed' },
    ]);
  });

  it('looks once for all who ask at the same time, and again afterwards', async () => {
    let looks = 0;
    const counting: HealthCheck = {
      name: 'database',
      run: async () => {
        looks += 1;
      },
    };
    const { health } = healthOf([counting]);
    await Promise.all([health.readiness(), health.readiness(), health.readiness()]);
    expect(looks).to.equal(1);
    await health.readiness();
    expect(looks).to.equal(2);
  });

  it('is not ready any more once it is stopping, but still alive', async () => {
    const { health } = healthOf([good]);
    health.stopping();
    expect((await health.readiness()).status).to.equal('failed');
    expect(health.liveness().status).to.equal('ok');
  });

  it('says when it begins to stop whether somebody looks at its readiness, who has to hear of it', async () => {
    const { health } = healthOf([good]);
    expect(health.stopping()).to.equal(false);
    await health.readiness();
    expect(health.stopping()).to.equal(true);
  });
});
