// The demo as somebody sees it who starts it: the rollout begins, calls count as evidence, and the page and the API answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start_demo } from './programs.mjs';

const wait_seconds = 100;  // the first bucket closes half a minute after its calls
let demo;

before(async () => { demo = await start_demo({}, ['--yes']); });
after(async () => { await demo?.stop(); });

async function rollout() {
  const reply = await fetch(`${demo.url}/api/v1/rollouts/outbound-calls`, { headers: { authorization: `Bearer ${demo.token}` } });
  return reply.ok ? reply.json() : undefined;
}

async function until(what, holds) {
  let last;
  for (const end = Date.now() + wait_seconds * 1000; Date.now() < end;) {
    last = await rollout();
    if (last && holds(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${what} did not come within ${wait_seconds} s; the rollout: ${JSON.stringify(last)?.slice(0, 2000)}\n` +
    `the demo said:\n${demo.output.slice(-3000)}`);
}

test('the rollout starts by itself at 5 %, and says so on the terminal', async () => {
  const begun = await until('the start', (one) => one.state === 'running');
  assert.equal(begun.percentage, 5);
  assert.match(demo.output, /Started week-1 at 5 %/);
});

test('calls of both systems are counted as evidence', async () => {
  await until('a counted call', (one) => one.criteria.some((criterion) =>
    criterion.condition?.startsWith?.('call_success_rate') && criterion.good + criterion.bad > 0));
});

test('the page answers', async () => {
  const page = await fetch(`${demo.url}/`);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /rollout/i);
});

test('the terminal keeps to 80 columns', () => {
  for (const line of demo.output.split('\n').slice(8)) assert.ok([...line].length <= 80, line);
});
