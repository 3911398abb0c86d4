// The four dashboard queries of docs/gradual-rollout-plan.md, as they are written there, asked of a real Prometheus that
// scrapes the demo while it places calls on both systems.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Program, free_ports, start_demo } from './programs.mjs';

const plan = readFileSync(new URL('../../docs/gradual-rollout-plan.md', import.meta.url), 'utf8');
// A panel is a block of promql; "vs" on a line of its own stands between two queries, '#' begins a comment.
const panels = [...plan.matchAll(/\*\*(Panel \d: [^*]+)\*\*\n```promql\n([\s\S]*?)```/g)].map(([, title, text]) => ({
  title,
  queries: text.split(/^vs$/m).map((query) => query.replace(/^#.*$/gm, '').trim()),
}));

const wait_seconds = 120;
const folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-prometheus-'));
let demo;
let prometheus;

before(async () => {
  assert.equal(panels.length, 4);
  assert.deepEqual(panels.map((panel) => panel.queries.length), [1, 2, 2, 1]);
  demo = await start_demo();
  const port = await free_ports();
  writeFileSync(`${folder}/prometheus.yml`, `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: callramp
    authorization: {credentials: ${demo.token}}
    static_configs: [{targets: ['${new URL(demo.url).host}']}]
`);
  prometheus = new Program('prometheus', 'prometheus', [`--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`]);
  prometheus.url = `http://127.0.0.1:${port}`;
  await prometheus.answers(`${prometheus.url}/-/ready`);
});

after(async () => {
  try { await prometheus?.stop(); } finally {
    await demo?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function ask(query) {
  const reply = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const body = await reply.json();
  assert.equal(body.status, 'success', `${query}: ${body.error}`);
  return body.data.result;
}

/// The query's numbers, once it has some: calls must have ended on both systems first.
async function numbers(query) {
  let last = [];
  for (const end = Date.now() + wait_seconds * 1000; Date.now() < end;) {
    last = (await ask(query)).map((series) => Number(series.value[1]));
    if (last.length > 0 && last.every(Number.isFinite)) return last;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${query} gave ${JSON.stringify(last)} for ${wait_seconds} s; targets: ` +
    JSON.stringify((await (await fetch(`${prometheus.url}/api/v1/targets`)).json()).data.activeTargets.map((t) => t.lastError)) +
    `\nthe demo said:\n${demo.output.slice(-3000)}`);
}

test('both systems are there at once, at zero', async () => {
  for (const name of ['calls_total', 'calls_successful_total', 'calls_failed_total', 'http_request_duration_seconds_count'])
    for (const system of ['new', 'old']) {
      const [first] = await numbers(`${name}{system="${system}"}`);
      assert.ok(first >= 0, `${name} of ${system}`);
    }
});

for (const panel of panels) {
  test(`${panel.title} as the plan writes it`, async (context) => {
    for (const query of panel.queries) {
      const values = await numbers(query);
      assert.equal(values.length, 1, `${query} gave ${values.length} series: one label more than 'system'?`);
      assert.ok(values[0] >= 0 && values[0] <= 100, `${query} = ${values[0]}`);
      context.diagnostic(`${query.replace(/\s+/g, ' ')} = ${values[0]}`);
    }
  });
}

test('the four series carry no label but system', async () => {
  for (const name of ['calls_total', 'calls_successful_total', 'calls_failed_total', 'http_request_duration_seconds_count'])
    for (const { metric } of await ask(name)) {
      const { __name__, instance, job, ...rest } = metric;
      assert.deepEqual(Object.keys(rest), ['system'], name);
    }
});
