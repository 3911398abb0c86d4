// Kill -9 while it decides: `callramp serve` is given orders and evidence from several sides at once, killed in the
// middle of it, and started again on the same data folder. At every kill the disk must agree with itself: the flag, the
// rollout's state, its log and the phase that calls count for; no order is carried out twice, and none that was answered
// is lost.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Program, free_ports } from '../npm/programs.mjs';
import { pause, rows_of, seeded, whole_number } from './disk.mjs';

const kills = whole_number('CALLRAMP_CRASH_KILLS', 21);
const seed = whole_number('CALLRAMP_CRASH_SEED', 1);
const shortest_ms = 50;  // from ready to the kill
const longest_ms = 900;  // several decisions
const askers = 4;

const plan = `rollout: outbound-calls
timezone: Asia/Kolkata
mode: automatic
checklists:
  over: {gate: success, items: {closed: {text: Closed}}}
phases:
  - name: week-1
    percentage: 20
    min_duration: 7d
    expected_volume: 50-100/day
    advance_when: [call_success_rate > 70%]
    roll_back_when: [open_bugs(P1) >= 1 => zero, call_success_rate < 60%]
  - {name: week-2, percentage: 60, min_duration: 7d, expected_volume: 150-300/day, keeps: week-1}
  - {name: week-3, percentage: 100, min_duration: 7d, expected_volume: 250-500/day, keeps: week-1}
`;
const counted = new Set(['running', 'holding', 'frozen', 'complete', 'watching']);
const items = ['communicated', 'root-cause', 'fix-plan', 're-tested', 'approved-to-resume'];

class Rig {
  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.answered = [];  // reasons of orders that were answered with success
    this.asked = 0;
  }

  serve() {
    this.server = new Program('callramp serve', path.resolve(process.env.CALLRAMP_BINARY), ['serve'],
      { CALLRAMP_DATA_DIR: path.join(this.folder, 'data'), PORT: String(this.port), PUBLIC_URL: this.url, LOG_LEVEL: 'warn' });
    return this.server.answers(`${this.url}/ready`);
  }

  async kill() {
    this.server.process.kill('SIGKILL');
    const how = await this.server.ended;
    assert.equal(how, 'ended by SIGKILL', `callramp serve said:\n${this.server.output}`);
  }

  async request(method, target, body, type = 'application/json') {
    const token = readFileSync(path.join(this.folder, 'data/admin-token'), 'utf8').trim();
    const reply = await fetch(this.url + target, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': type },
      body: type === 'application/json' ? body && JSON.stringify(body) : body,
      signal: AbortSignal.timeout(10000),
    });
    return { status: reply.status, body: await reply.json() };
  }

  rows(sql) {
    return rows_of(path.join(this.folder, 'data/callramp.db'), sql);
  }

  /// One order or report, whatever comes of it; an answer is remembered.
  async act(random) {
    const n = ++this.asked;
    const one = '/api/v1/rollouts/outbound-calls';
    const reason = `order ${n}`;
    const order = async (verb, more = {}) => {
      const reply = await this.request('POST', `${one}/${verb}`, { reason, ...more });
      if (reply.status === 200) this.answered.push(reason);
    };
    const choice = random();
    if (choice < 0.08) {
      await this.request('POST', '/api/v1/evidence',
        { kind: 'bug', externalId: `BUG-${n}`, severity: 'P1', at: new Date().toISOString() });
    } else if (choice < 0.4) {
      const bugs = await this.request('GET', '/api/v1/evidence?kind=bug&status=open');
      for (const bug of bugs.body.evidence ?? [])
        await this.request('PATCH', `/api/v1/evidence/bug/${bug.externalId}`, { status: 'resolved', reason });
      await order('resume');
    } else if (choice < 0.5) {
      await this.request('POST', `${one}/incident/${items[n % items.length]}`, { note: 'done' });
    } else if (choice < 0.6) {
      await order('hold');
    } else if (choice < 0.7) {
      await order('resume');
    } else if (choice < 0.92) {
      await order('advance', { despiteEvidence: true });
    } else {
      await order('rollback', { target: random() < 0.5 ? 'zero' : 'previous_phase' });
    }
  }
}

/// What the disk says against itself, in words.
function disagreements(rig) {
  const faults = [];
  const [rollout] = rig.rows('select state, revision, last_decision, plan_hash from rollouts');
  if (!rollout) return faults;
  const decisions = rig.rows('select id, body, sets_flags, flags_after, confirmed_at, receipt from decisions order by id')
    .map((row) => ({ ...row, body: JSON.parse(row.body) }));
  const state = JSON.parse(rollout.state);
  const last = decisions.at(-1);
  if (rollout.revision !== decisions.length + 1) faults.push(`revision ${rollout.revision} after ${decisions.length} decisions`);
  if (last) {
    if (rollout.last_decision !== last.id) faults.push(`the rollout names decision ${rollout.last_decision}, the log ends with ${last.id}`);
    if (JSON.stringify(state) !== JSON.stringify(last.body.after)) faults.push(`the state is not the one after decision ${last.id}`);
  }
  for (let i = 1; i < decisions.length; ++i)
    if (JSON.stringify(decisions[i].body.before) !== JSON.stringify(decisions[i - 1].body.after))
      faults.push(`decision ${decisions[i].id} was not made from the state after ${decisions[i - 1].id}`);
  const [{ percentage }] = rig.rows('select percentage_basis_points as percentage from flags');
  if (last && state.run > 0 && percentage !== state.percentage) faults.push(`the flag is ${percentage}, the rollout wants ${state.percentage}`);
  if (last && last.body.to !== percentage) faults.push(`decision ${last.id} led to ${last.body.to}, the flag is ${percentage}`);
  const changes = rig.rows("select count(*) as n from flag_changes where source = 'rollout'")[0].n;
  const setting = decisions.filter((one) => one.sets_flags).length;
  if (changes !== setting) faults.push(`${setting} decisions set the flag, which changed ${changes} times`);
  for (const one of decisions.filter((made) => made.sets_flags).slice(0, -1))
    if (!one.confirmed_at || one.receipt === '') faults.push(`decision ${one.id} was never confirmed, and a later one was made`);
  const open = rig.rows('select run, phase from rollout_spans where open_mark = 1');
  if (counted.has(state.stage) !== (open.length === 1)) faults.push(`${open.length} open spans in stage ${state.stage}`);
  if (open.length === 1 && (open[0].run !== state.run || open[0].phase !== state.phase))
    faults.push(`calls count for run ${open[0].run} phase ${open[0].phase}, the rollout is in ${state.run}, ${state.phase}`);
  const reasons = decisions.map((one) => one.body.person_reason).filter((reason) => reason.startsWith('order '));
  if (new Set(reasons).size !== reasons.length) faults.push('an order was carried out twice');
  for (const reason of rig.answered) if (!reasons.includes(reason)) faults.push(`${reason} was answered, and is not in the log`);
  return faults;
}

test('killed while it decides, flag and state and log and span agree and nothing is decided twice', async (context) => {
  const random = seeded(seed);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-crash-rollout-'));
  const rig = new Rig(folder, await free_ports());
  const begun = Date.now();
  let unconfirmed = 0;
  let broken = 0;  // kills that cut an order off
  try {
    await rig.serve();
    const put = await rig.request('POST', '/api/v1/rollouts', plan, 'application/yaml');
    assert.equal(put.status, 201, JSON.stringify(put.body));
    const start = await rig.request('POST', '/api/v1/rollouts/outbound-calls/start', { reason: 'go' });
    assert.equal(start.status, 200, JSON.stringify(start.body));
    // Or nearly every life would be spent on the five items of an incident.
    const waived = await rig.request('POST', '/api/v1/rollouts/outbound-calls/waive',
      { criterion: 'incident', reason: 'a test', until: new Date(Date.now() + 86400000).toISOString() });
    assert.equal(waived.status, 200, JSON.stringify(waived.body));
    for (let n = 0; n < kills; ++n) {
      let over = false;
      const asking = Array.from({ length: askers }, async () => {
        while (!over) {
          try {
            await rig.act(random);
          } catch {
            if (!over) ++broken;
            return;
          }
        }
      });
      await pause(shortest_ms + random() * (longest_ms - shortest_ms));
      await rig.kill();
      over = true;
      await Promise.all(asking);
      assert.deepEqual(disagreements(rig), [], `after kill ${n + 1}; seed ${seed}`);
      unconfirmed += rig.rows('select count(*) as n from decisions where sets_flags = 1 and confirmed_at is null')[0].n;
      await rig.serve();
    }
    // The last life sees through what the kills left.
    for (let tries = 0; tries < 100; ++tries) {
      if (rig.rows('select count(*) as n from decisions where sets_flags = 1 and confirmed_at is null')[0].n === 0) break;
      await pause(100);
    }
    await rig.kill();
    assert.deepEqual(disagreements(rig), []);
    const [{ n: left }] = rig.rows('select count(*) as n from decisions where sets_flags = 1 and confirmed_at is null');
    assert.equal(left, 0);
    const actions = Object.fromEntries(rig.rows('select rule, count(*) as n from decisions group by rule').map((row) => [row.rule, row.n]));
    context.diagnostic(JSON.stringify({ seed, kills: kills + 1, asked: rig.asked, answered: rig.answered.length, broken, unconfirmed,
      seconds: Math.round((Date.now() - begun) / 1000), ...actions }));
    // Blind if nothing was decided, or no kill came between.
    assert.ok((actions['trigger.latch'] ?? 0) > 0, 'no P1 took it to zero');
    assert.ok((actions['command.advance'] ?? 0) > 0 && (actions['command.resume'] ?? 0) > 0);
    assert.ok(broken > 0, 'no kill cut an order off');
  } finally {
    rig.server?.process.kill('SIGKILL');
    await rig.server?.ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
