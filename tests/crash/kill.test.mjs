// Kill -9 at random instants: `callramp serve` is killed again and again while calls are in every state, and started
// again on the same data folder. The sandbox, which is never killed, keeps the ledger of every dial that reached it: no
// attempt is dialed twice, no dial lacks its intent in the database, nobody is dialed again but for what is retried, and
// every accepted call ends exactly once.
//
// The same against a build that forgets to store the intent (preset mutate) must find a second dial, or this test is
// blind. docs/testing.md has both commands and the settings.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Program, free_ports } from '../npm/programs.mjs';
import { pause, rows_of, seeded, whole_number } from './disk.mjs';

const kills = whole_number('CALLRAMP_CRASH_KILLS', 15);
const seed = whole_number('CALLRAMP_CRASH_SEED', 1);
const first_calls = 10;
const calls = Math.max(first_calls, whole_number('CALLRAMP_CRASH_CALLS', first_calls + 2 * kills));
const calls_per_kill = Math.ceil((calls - first_calls) / kills);
const tries = 2;  // of what the policy retries, a second after its end
const agent = 'crash-test';
// The product asks the carrier about lost calls 45 times a minute, starts with what a dead process leased for 15 s, and
// believes after 60 s that a dial was never taken.
const settle_seconds = 210 + 4 * kills + calls;

// Short rings and talks, and a carrier whose answer to a dial is often late: kills hit between intent and answer,
// while it rings and while somebody talks. Callbacks get lost as they do in life.
const world = {
  seed,
  callees: [
    { match: '*', share: 0.7, answers: 'person', ring_s: [0.1, 1.2], says: ['hello', 'yes', 'goodbye'], hangs_up_after_s: [0.5, 5] },
    { match: '*', share: 0.15, answers: 'busy', ring_s: [0.1, 0.8] },
    { match: '*', share: 0.1, answers: 'reject', ring_s: [0.1, 0.8] },
    { match: '*', answers: 'no_answer' },
  ],
  faults: [
    { provider: 'exotel.rest', kind: 'latency', share: 0.3, ms: 150 },
    { provider: 'exotel.rest', kind: 'latency', share: 0.3, ms: 500 },
    { provider: 'exotel.rest', kind: 'latency', share: 0.2, ms: 1200 },
    { provider: 'exotel.rest', kind: 'drop_answer', share: 0.05 },
    { provider: 'exotel.rest', kind: 'server_error', share: 0.05 },
    { provider: 'exotel.rest', kind: 'stall', share: 0.02 },
    { provider: 'exotel.callback', kind: 'callback_lost', share: 0.1 },
    { provider: 'exotel.callback', kind: 'callback_late', share: 0.1, ms: 1500 },
    { provider: 'exotel.callback', kind: 'callback_duplicate', share: 0.1, ms: 200 },
  ],
  limits: { exotel_per_minute: 0 },
};

/// The sandbox and one data folder, with the server that lives on it and is killed at will.
class Rig {
  /// `retry`: the rule of every outcome that is retried.
  static async start(binary, retry) {
    const rig = new Rig();
    rig.retry = retry;
    rig.binary = path.resolve(binary);
    rig.folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-crash-'));
    rig.base = await free_ports(11);
    rig.url = `http://127.0.0.1:${rig.base + 10}`;
    const world_file = path.join(rig.folder, 'world.json');
    writeFileSync(world_file, JSON.stringify(world));
    rig.sandbox = new Program('callramp sandbox', rig.binary,
      ['sandbox', '--port', String(rig.base), '--world', world_file, '--ledger', path.join(rig.folder, 'ledger.jsonl')]);
    await rig.sandbox.answers(`http://127.0.0.1:${rig.base + 9}/ledger`);
    return rig;
  }

  serve() {
    const door = (n) => `http://127.0.0.1:${this.base + n}`;
    this.server = new Program('callramp serve', this.binary, ['serve'], {
      CALLRAMP_DATA_DIR: path.join(this.folder, 'data'), PORT: String(this.base + 10), PUBLIC_URL: this.url,
      EXOTEL_BASE_URL: door(0), EXOTEL_SID: 'crash', EXOTEL_API_KEY: 'crash', EXOTEL_API_TOKEN: 'crash',
      EXOTEL_VIRTUAL_NUMBER: '08047491899', DEEPGRAM_BASE_URL: door(1), DEEPGRAM_API_KEY: 'crash',
      OPENAI_BASE_URL: `${door(2)}/v1`, OPENAI_API_KEY: 'crash', OUTBOUND_CALLS_PERCENTAGE: '100',
      MAX_CONCURRENT_OUTBOUND_CALLS: '10000', DIALS_PER_SECOND: '100', RING_TIMEOUT: '5', LOG_LEVEL: 'warn',
      CALLING_WINDOW_PROMOTIONAL: 'always', MAX_ATTEMPTS_PER_NUMBER_PER_DAY: '0',
      ...Object.fromEntries(['NO_ANSWER', 'BUSY', 'REJECTED', 'FAILED'].map((what) => [`RETRY_${what}`, this.retry])),
    });
    return this.server;
  }

  async kill() {
    this.server.process.kill('SIGKILL');
    const how = await this.server.ended;
    // A server that ended by itself is a crash of its own.
    assert.equal(how, 'ended by SIGKILL', `callramp serve said:\n${this.server.output}`);
  }

  async request(method, target, body, headers = {}) {
    const token = readFileSync(path.join(this.folder, 'data/admin-token'), 'utf8').trim();
    const reply = await fetch(this.url + target, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(10000),
    });
    return { status: reply.status, body: await reply.json() };
  }

  rows(sql) {
    return rows_of(path.join(this.folder, 'data/callramp.db'), sql);
  }

  async ledger() {
    const text = await (await fetch(`http://127.0.0.1:${this.base + 9}/ledger`)).text();
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  async stop() {
    try {
      await this.kill().catch(() => {});
      await this.sandbox.stop();
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

/// Places calls to numbers of their own as far as `allowed` says; a lost answer is asked for again under the same key.
class Caller {
  constructor(rig) {
    this.rig = rig;
    this.allowed = 0;
    this.next = 0;
    this.ids = new Map();  // by number of the call
    this.over = false;
    this.running = Promise.all(Array.from({ length: 4 }, () => this.run()));
  }

  async run() {
    while (!this.over) {
      if (this.next >= this.allowed) {
        await pause(10);
        continue;
      }
      const n = this.next++;
      const call = { phoneNumber: `+9198${String(10000000 + n)}`, agentId: agent };
      while (!this.ids.has(n) && !this.over) {
        let answer;
        try {
          answer = await this.rig.request('POST', '/api/v1/calls/outbound', call, { 'Idempotency-Key': `call-${n}` });
        } catch {
          await pause(20);  // killed, or not up yet
          continue;
        }
        if (answer.status !== 202) throw new Error(`call ${n} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
        this.ids.set(n, answer.body.callLogId);
      }
    }
  }

  async stop() {
    this.over = true;
    await this.running;
  }
}

/// Kills and restarts `kills` times; returns what was open at those instants, with the last server running.
async function torment(rig, caller) {
  const random = seeded(seed);
  // Different calls that a kill found in each state; one that stays lost counts once.
  const seen = { queued: new Set(), dialing: new Set(), ringing: new Set(), in_progress: new Set() };
  let with_open = 0;
  for (let n = 0; n < kills; ++n) {
    caller.allowed = Math.min(calls, Math.max(caller.allowed, first_calls + n * calls_per_kill));
    rig.serve();
    // Every fifth kill may hit the start itself, migrations and recovery included.
    if (random() >= 0.2) await rig.server.answers(`${rig.url}/ready`);
    await pause(20 + random() * 1480);
    await rig.kill();
    const open = rig.rows('select id, status as state from attempts where outcome is null');
    const waiting = rig.rows("select id, 'queued' as state from calls where status in ('queued', 'scheduled')");
    for (const { id, state } of [...open, ...waiting]) seen[state].add(id);
    if (open.length > 0) ++with_open;
  }
  caller.allowed = calls;
  rig.serve();
  await rig.server.answers(`${rig.url}/ready`);
  return { ...Object.fromEntries(Object.entries(seen).map(([state, ids]) => [state, ids.size])), 'kills with open dials': with_open };
}

/// A rig with an agent, tormented. `look` judges it.
async function tormented(binary, retry, look) {
  const begun = Date.now();
  const rig = await Rig.start(binary, retry);
  let caller;
  try {
    rig.serve();
    await rig.server.answers(`${rig.url}/ready`);
    const put = await rig.request('PUT', `/api/v1/agents/${agent}`,
      { name: 'Crash', greeting: 'Hello, this is a test.', disclosure: 'I am a machine.', prompt: 'Say goodbye soon.' });
    assert.ok(put.status < 300, JSON.stringify(put.body));
    await rig.kill();
    caller = new Caller(rig);
    const hit = await torment(rig, caller);
    await look(rig, caller, hit, begun);
  } finally {
    await caller?.stop();
    await rig.stop();
  }
}

/// What may be followed by another dial of the same number: nothing that somebody answered or that nobody knows of.
const retried = new Set(['no_answer', 'busy', 'rejected', 'unreachable', 'failed']);

/// What went wrong with dials, in words: by the ledger and the attempts of the database.
function dial_faults(ledger, attempts) {
  const faults = [];
  const known = new Map(attempts.map((attempt) => [attempt.id, attempt]));
  const by_attempt = new Map();
  const last_of_number = new Map();
  for (const dial of ledger) {
    if (by_attempt.has(dial.customField)) faults.push(`attempt ${dial.customField} was dialed twice: dials ${by_attempt.get(dial.customField)} and ${dial.seq}`);
    by_attempt.set(dial.customField, dial.seq);
    const before = known.get(last_of_number.get(dial.to));
    if (before && !retried.has(before.outcome))
      faults.push(`${dial.to} was dialed again, as attempt ${dial.customField}, after ${before.id}: ${before.outcome}`);
    last_of_number.set(dial.to, dial.customField);
    if (known.get(dial.customField)?.phone !== dial.to) faults.push(`dial ${dial.seq} has no attempt in the database`);
  }
  for (const attempt of attempts)
    if (by_attempt.has(attempt.id) && /never took/.test(attempt.reason)) faults.push(`attempt ${attempt.id} was dialed, but is said not to have been`);
  return faults;
}

const attempts_sql = 'select id, call_id, phone, outcome, reason, provider_call_id, first_dial from attempts';

if (process.env.CALLRAMP_BINARY)
  test('killed at random instants, callramp dials nobody twice and ends every call once', async (context) => {
    await tormented(process.env.CALLRAMP_BINARY, `1s x1, ${tries} tries`, async (rig, caller, hit, begun) => {
      const expected = caller.allowed;
      let final = -1;
      for (const end = Date.now() + settle_seconds * 1000; final < expected && Date.now() < end; await pause(500))
        final = (await rig.request('GET', '/api/v1/calls?status=final&limit=1')).body.total;
      const ids = [...caller.ids.values()];
      const listed = [];
      for (let page = 1; listed.length < expected; ++page) {
        const { body } = await rig.request('GET', `/api/v1/calls?limit=100&page=${page}`);
        if (body.calls.length === 0) break;
        listed.push(...body.calls);
      }
      const ledger = await rig.ledger();
      await rig.kill();  // one more, and the disk must have it all
      const attempts = rig.rows(attempts_sql);
      const report = { seed, kills: kills + 2, calls: expected, attempts: attempts.length, dials: ledger.length,
        ...hit, seconds: Math.round((Date.now() - begun) / 1000) };
      const outcomes = Object.fromEntries(rig.rows("select coalesce(outcome, status) || coalesce(' by ' || fault, '') as o, count(*) as n from calls group by 1").map((r) => [r.o, r.n]));
      context.diagnostic(JSON.stringify(report));
      context.diagnostic(JSON.stringify(outcomes));

      assert.deepEqual(dial_faults(ledger, attempts), []);
      assert.ok(ledger.length <= attempts.length, `${ledger.length} dials of ${attempts.length} attempts`);
      assert.equal(ids.length, expected);
      assert.equal(new Set(ids).size, expected, 'a repeated request made one call');
      assert.deepEqual(listed.filter((call) => call.status !== 'final' || !call.outcome).map((call) => call.id), [],
        `calls without an end after ${settle_seconds} s; ${JSON.stringify(attempts.filter((a) => !a.outcome))}\n${rig.server.output.slice(-3000)}`);
      assert.deepEqual(listed.map((call) => call.id).sort(), ids.sort());
      // Beside dials that the carrier certainly did not take, a call has its first attempt and what was retried.
      const real = attempts.filter((attempt) => attempt.outcome !== 'cancelled');
      assert.equal(real.filter((attempt) => attempt.first_dial === 1).length, expected);
      for (const call of listed) {
        const own = real.filter((attempt) => attempt.call_id === call.id);
        assert.equal(own.length, 1 + call.retries, `call ${call.id} says ${call.retries} retries`);
        assert.ok(call.retries <= tries, `call ${call.id} was retried ${call.retries} times`);
      }
      assert.ok(real.length > expected, 'nothing was retried');
      // Counted once each, by call and by first attempt, and as the outcomes say.
      const counted = (stream) => rig.rows(`select outcome, sum(calls) as n from evidence_counts where stream = '${stream}' group by outcome having n > 0 order by outcome`);
      assert.deepEqual(counted('call'), rig.rows("select outcome, count(*) as n from calls group by outcome order by outcome"));
      assert.deepEqual(counted('first_attempt'), rig.rows("select outcome, count(*) as n from attempts where first_dial = 1 and outcome <> 'cancelled' group by outcome order by outcome"));
      // Blind if the kills hit nothing.
      for (const state of ['dialing', 'ringing', 'in_progress'])
        assert.ok(hit[state] > 0, `no kill hit a call that was ${state}: ${JSON.stringify(hit)}`);
    });
  });

if (process.env.CALLRAMP_MUTANT)
  test('a build that does not store the intent is found dialing again', async (context) => {
    await tormented(process.env.CALLRAMP_MUTANT, 'never', async (rig, caller, hit, begun) => {
      await pause(3000);  // what the last kill made it forget is dialed again now
      const ledger = await rig.ledger();
      const again = ledger.length - new Set(ledger.map((dial) => dial.to)).size;
      context.diagnostic(JSON.stringify({ seed, kills: kills + 1, calls: caller.ids.size, dials: ledger.length,
        'second dials': again, ...hit, seconds: Math.round((Date.now() - begun) / 1000) }));
      assert.ok(again > 0, 'no second dial: this test would not notice a lost intent');
    });
  });

if (!process.env.CALLRAMP_BINARY && !process.env.CALLRAMP_MUTANT)
  throw new Error('CALLRAMP_BINARY must name the built program, e.g. build/release/callramp, or CALLRAMP_MUTANT the mutated one');
