// A plan's own `metrics:` against a real Prometheus: the value is read; when Prometheus is killed the criterion is no_data
// and says who does not answer, nothing advances, and no trigger takes it for a bad value; a P1 bug still takes everything
// to zero within one tick.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Program, free_ports, start_serve } from './programs.mjs';

const plan = `rollout: outbound-calls
timezone: Asia/Kolkata
mode: automatic
checklists:
  over: {gate: success, items: {closed: {text: Closed}}}
metrics:
  targets_up: {promql: sum(up), bigger_is_better: true}
phases:
  - name: week-1
    percentage: 20
    min_duration: 7d
    expected_volume: 50-100/day
    advance_when: [targets_up >= 1, call_success_rate > 70%]
    roll_back_when: [targets_up < 1, targets_up < 1 for 1m => zero, open_bugs(P1) >= 1 => zero, call_success_rate < 60%]
  - {name: week-2, percentage: 100, min_duration: 7d, expected_volume: 250-500/day, keeps: week-1}
`;
const one = '/api/v1/rollouts/outbound-calls';
const read_within_s = 90;    // levels are read once a minute
const stale_within_s = 300;  // and are stale after three minutes
const tick_s = 10;

const folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-metrics-'));
let prometheus;
let server;

before(async () => {
  const port = await free_ports();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(`${folder}/prometheus.yml`,
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: itself, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`);
  prometheus = new Program('prometheus', 'prometheus', [`--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`]);
  prometheus.url = url;
  await prometheus.answers(`${url}/-/ready`);
  server = await start_serve({ PROMETHEUS_URL: url });
});

after(async () => {
  try {
    prometheus?.process.kill('SIGKILL');
    await prometheus?.ended;
    await server?.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function request(method, target, body, type = 'application/json') {
  const reply = await fetch(server.url + target, {
    method,
    headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': type },
    body: type === 'application/json' ? body && JSON.stringify(body) : body,
  });
  const answer = await reply.json();
  assert.ok(reply.ok, `${method} ${target}: ${reply.status} ${JSON.stringify(answer)}`);
  return answer;
}

const find = (rollout, list, condition) => rollout[list].find((judgement) => judgement.condition === condition);

/// The rollout, once it looks so.
async function rollout_when(wanted, seconds, what) {
  let rollout;
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    rollout = await request('GET', one);
    if (wanted(rollout)) return rollout;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${what} did not come within ${seconds} s; it stands at ${JSON.stringify(find(rollout, 'criteria', 'targets_up >= 1'))}\n${server.output}`);
}

test('the value is read, its loss is no data, and a P1 bug needs no Prometheus', async (context) => {
  await request('POST', '/api/v1/rollouts', plan, 'application/yaml');
  await request('POST', `${one}/start`, { reason: 'go' });

  const read = await rollout_when((rollout) => find(rollout, 'criteria', 'targets_up >= 1').verdict === 'pass', read_within_s, 'the value');
  assert.equal(find(read, 'criteria', 'targets_up >= 1').used, 1);
  assert.equal(find(read, 'triggers', 'targets_up < 1').fires, false);

  prometheus.process.kill('SIGKILL');
  await prometheus.ended;
  const killed = Date.now();
  const lost = await rollout_when((rollout) => find(rollout, 'criteria', 'targets_up >= 1').verdict === 'no_data', stale_within_s, 'no_data');
  context.diagnostic(`no_data ${Math.round((Date.now() - killed) / 1000)} s after the kill: ${find(lost, 'criteria', 'targets_up >= 1').reason}`);
  assert.match(find(lost, 'criteria', 'targets_up >= 1').reason, new RegExp(`Prometheus at ${prometheus.url}.*since`));
  for (const trigger of ['targets_up < 1', 'targets_up < 1 for 1m']) {
    assert.equal(find(lost, 'triggers', trigger).fires, false, trigger);
    assert.equal(find(lost, 'triggers', trigger).verdict, 'no_data', trigger);
  }
  assert.equal(lost.state, 'running');
  assert.equal(lost.percentage, 20);
  assert.equal((await request('GET', '/api/v1/admin/feature-flags')).outboundCallsPercentage, 20);

  const reported = Date.now();
  await request('POST', '/api/v1/evidence', { kind: 'bug', externalId: 'BUG-1', severity: 'P1', at: new Date().toISOString() });
  const fallen = await rollout_when((rollout) => rollout.state === 'rolled_back', tick_s, 'the way back');
  context.diagnostic(`rolled back ${Date.now() - reported} ms after the P1: ${fallen.sentence}`);
  assert.equal(fallen.percentage, 0);
  assert.match(fallen.sentence, /P1/);
  assert.equal((await request('GET', '/api/v1/admin/feature-flags')).outboundCallsPercentage, 0);
});
