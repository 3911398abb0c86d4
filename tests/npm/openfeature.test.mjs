// OpenFeature's server SDK with the official OFREP provider, unmodified, against callramp: the same answers as the plan's
// own function, in force as soon as the PATCH has answered.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';

const { CALLRAMP_URL: url, CALLRAMP_TOKEN: token } = process.env;
assert.ok(url && token, 'CALLRAMP_URL and CALLRAMP_TOKEN must name a running `callramp serve`');
const vectors = readFileSync(new URL('../data/bucket-vectors.jsonl', import.meta.url), 'utf8').trim().split('\n').map((line) => JSON.parse(line))
  .filter((vector) => vector.userId !== '' && vector.userId.length <= 64 && !/[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u.test(vector.userId));
const headers = { Authorization: `Bearer ${token}` };

async function set_flags(patch) {
  const reply = await fetch(`${url}/api/v1/admin/feature-flags`, {
    method: 'PATCH', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(patch) });
  assert.equal(reply.status, 200, await reply.text());
}

let client;
before(async () => {
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: url, headers }));
  client = OpenFeature.getClient();
});

const system = (userId) => client.getStringDetails('outbound-calls-system', 'nobody', { targetingKey: userId });

test('at every percentage each user is on the system that the plan gives them', async () => {
  assert.ok(vectors.length > 400);
  for (const percentage of [0, 5, 10, 25, 50, 100]) {
    await set_flags({ outboundCallsEnabled: true, outboundCallsPercentage: percentage });
    for (const { userId, bucket } of vectors.slice(0, 120)) {
      const details = await system(userId);
      assert.equal(details.errorCode, undefined, `${userId}: ${details.errorMessage}`);
      assert.equal(details.value, bucket < percentage ? 'new-system' : 'old-system', `${userId} at ${percentage} %`);
      assert.ok(details.reason && details.variant, JSON.stringify(details));
    }
  }
});

test('the kill switch holds for the next question', async () => {
  await set_flags({ outboundCallsEnabled: true, outboundCallsPercentage: 100 });
  assert.equal((await system('user-1')).value, 'new-system');
  await set_flags({ outboundCallsEnabled: false });
  assert.equal((await system('user-1')).value, 'old-system');
  await set_flags({ outboundCallsEnabled: true });
  assert.equal((await system('user-1')).value, 'new-system');
});

test('the five flags of the plan have their types and values', async () => {
  await set_flags({ outboundCallsPercentage: 12.5, enableRetryLogic: false });
  const context = { targetingKey: 'user-1' };
  assert.equal(await client.getBooleanValue('outboundCallsEnabled', false, context), true);
  assert.equal(await client.getNumberValue('outboundCallsPercentage', -1, context), 12.5);
  assert.equal(await client.getBooleanValue('enableRetryLogic', true, context), false);
  assert.equal(await client.getBooleanValue('enableVoicemailDetection', false, context), true);
  assert.equal(await client.getBooleanValue('enableBulkImport', false, context), true);
  await set_flags({ enableRetryLogic: true });
});

test('what cannot be answered is the default with the code that says why', async () => {
  const unknown = await client.getStringDetails('no such flag', 'fallback', { targetingKey: 'user-1' });
  assert.equal(unknown.value, 'fallback');
  assert.equal(unknown.errorCode, 'FLAG_NOT_FOUND', unknown.errorMessage);
  const nobody = await client.getStringDetails('outbound-calls-system', 'fallback', {});
  assert.equal(nobody.value, 'fallback');
  assert.equal(nobody.errorCode, 'TARGETING_KEY_MISSING');
  const mistyped = await client.getBooleanDetails('outbound-calls-system', true, { targetingKey: 'user-1' });
  assert.equal(mistyped.value, true);
  assert.equal(mistyped.errorCode, 'TYPE_MISMATCH');
});

test('without a valid token the default is used', async () => {
  await OpenFeature.setProviderAndWait('stranger', new OFREPProvider({ baseUrl: url, headers: { Authorization: 'Bearer wrong' } }));
  const details = await OpenFeature.getClient('stranger').getStringDetails('outbound-calls-system', 'old-system', { targetingKey: 'user-1' });
  assert.equal(details.value, 'old-system');
  assert.equal(details.reason, 'ERROR');
});
