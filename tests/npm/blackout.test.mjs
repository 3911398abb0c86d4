// A blackout of the first carrier against the sandbox: `callramp serve` with two carriers, calls placed all the time,
// Exotel dark for a while. The ledger is the witness: the second carrier dials within two seconds of the circuit's
// opening, no number is dialed twice, nothing fails, and the first carrier is dialed again by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start_sandbox, start_serve } from './programs.mjs';

const dark_seconds = 20;
const recovered_within = 75;  // a probe each minute, and the trial dial
const agent = 'blackout';
const world = {
  callees: [{ answers: 'person', ring_s: 0.2, says: ['hello', 'yes please', 'goodbye'], hangs_up_after_s: 4 }],
  limits: { exotel_per_minute: 0 },
};
const dark = { ...world, faults: [{ provider: 'exotel.rest', kind: 'server_error' }] };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('a dark carrier is left within two seconds and comes back by itself', async (t) => {
  const sandbox = await start_sandbox();
  t.after(() => sandbox.stop());
  const server = await start_serve({
    ...sandbox.env,
    TWILIO_BASE_URL: `http://127.0.0.1:${sandbox.base + 6}`,
    EXOTEL_SID: 'acct', EXOTEL_API_KEY: 'key', EXOTEL_API_TOKEN: 'token', EXOTEL_VIRTUAL_NUMBER: '08047491899',
    TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: 'token', TWILIO_NUMBER: '+14155550100',
    DEEPGRAM_API_KEY: 'key', OPENAI_API_KEY: 'key', OUTBOUND_CALLS_PERCENTAGE: '100',
    MAX_CONCURRENT_OUTBOUND_CALLS: '20', DIALS_PER_SECOND: '10', DRAIN_TIMEOUT: '1',
  });
  t.after(() => server.stop());

  async function ask(method, path, body, headers = {}) {
    const reply = await fetch(server.url + path, {
      method,
      headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
  async function put_world(next) {
    const reply = await fetch(`http://127.0.0.1:${sandbox.base + 9}/world`, { method: 'PUT', body: JSON.stringify(next) });
    assert.ok(reply.ok, await reply.text());
  }
  async function ledger() {
    const text = await (await fetch(`http://127.0.0.1:${sandbox.base + 9}/ledger`)).text();
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }
  async function carrier(name) {
    const board = await ask('GET', '/api/v1/providers');
    return board.providers.find((row) => row.name === name && row.capability === 'telephony');
  }

  await put_world(world);
  await ask('PUT', `/api/v1/agents/${agent}`, {
    name: 'Blackout', greeting: 'Hello, a quick question.', disclosure: 'I am an automated assistant.', prompt: 'Be brief.',
  });
  let placed = 0;
  const ids = [];
  const place = async () => {
    const number = `+9198765${String(10000 + placed++)}`;
    ids.push((await ask('POST', '/api/v1/calls/outbound', { phoneNumber: number, agentId: agent })).callLogId);
  };
  let placing = true;
  const placer = (async () => {
    while (placing) {
      await place();
      await pause(400);
    }
  })();
  // Whatever fails below, the loop must end before the server does.
  try {
    while ((await ledger()).length < 3) await pause(100);
    assert.ok((await ledger()).every((dial) => dial.provider === 'exotel'));

    await put_world(dark);
    const began = Date.now();
    let row;
    do {
      await pause(20);
      row = await carrier('exotel');
    } while (row.breaker === 'closed' && Date.now() - began < 30_000);
    const opened = Date.now();
    assert.equal(row.breaker, 'open');
    let first;
    do {
      await pause(20);
      first = (await ledger()).find((dial) => dial.provider === 'twilio');
    } while (!first && Date.now() - opened < 10_000);
    assert.ok(first, 'the second carrier never dialed');
    const moved = Date.parse(first.receivedAt) - Date.parse(row.since);
    console.log(`dark to open ${((opened - began) / 1000).toFixed(2)} s; open to the next carrier's first dial ${(moved / 1000).toFixed(2)} s`);
    assert.ok(moved <= 2000, `the second carrier dialed ${moved} ms after the circuit had opened`);
    await pause(Math.max(0, began + dark_seconds * 1000 - Date.now()));
    const during = (await ledger()).filter((dial) => Date.parse(dial.receivedAt) > opened);
    assert.ok(during.length > 20 && during.every((dial) => dial.provider === 'twilio'));

    await put_world(world);
    const light = Date.now();
    do {
      await pause(500);
      row = await carrier('exotel');
    } while (row.breaker !== 'closed' && Date.now() - light < recovered_within * 1000);
    console.log(`light to closed ${((Date.now() - light) / 1000).toFixed(1)} s`);
    assert.equal(row.breaker, 'closed');
    const closed = Date.now();
    await pause(3000);
    const after = (await ledger()).filter((dial) => Date.parse(dial.receivedAt) > closed);
    assert.ok(after.length > 0 && after.every((dial) => dial.provider === 'exotel'));
  } finally {
    placing = false;
    await placer;
  }

  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const statuses = await Promise.all(ids.map(async (id) => (await ask('GET', `/api/v1/calls/${id}`)).status));
    if (statuses.every((status) => status === 'final')) break;
    await pause(500);
  }
  const outcomes = {};
  for (const id of ids) {
    const call = await ask('GET', `/api/v1/calls/${id}`);
    const what = call.status === 'final' ? call.outcome : call.status;
    outcomes[what] = (outcomes[what] ?? 0) + 1;
  }
  console.log(`${ids.length} calls: ${JSON.stringify(outcomes)}`);
  assert.ok(!outcomes.failed && !outcomes.queued && !outcomes.dialing, JSON.stringify(outcomes));
  const dialed = (await ledger()).map((dial) => dial.to);
  assert.equal(new Set(dialed).size, dialed.length, 'a number was dialed twice');
  assert.equal(dialed.length, ids.length);
});
