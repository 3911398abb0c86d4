// The demo as somebody sees it who starts it: the rollout begins, calls count as evidence, the page and the API answer, and
// it ends with its decisions. The twenty seconds of calls make no week: how it goes on is a matter of minutes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start_demo } from './programs.mjs';

const wait_seconds = 100;  // the first bucket closes half a minute after its calls
let demo;

before(async () => { demo = await start_demo({}, ['--yes', '--calls', '400']); });
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
  // It says so when it next looks, which the state's change does not wait for.
  for (const end = Date.now() + wait_seconds * 1000; Date.now() < end && !/Started week-1 at 5 %/.test(demo.output);)
    await new Promise((resolve) => setTimeout(resolve, 200));
  assert.match(demo.output, /Started week-1 at 5 %/);
});

test('a call on new is counted as evidence', async () => {
  const counted = await until('a counted call', (one) => one.evidence.calls > 0);
  const success = counted.criteria.find((one) => one.condition.startsWith('call_success_rate'));
  assert.equal(success.good + success.bad, counted.evidence.calls);
});

test('the page answers', async () => {
  const page = await fetch(`${demo.url}/`);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /rollout/i);
});

test('after its calls it ends by itself and lists what was decided', async () => {
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(() => resolve('late'), wait_seconds * 1000); });
  assert.equal(await Promise.race([demo.ended, late]), 'ended with code 0', demo.output.slice(-3000));
  clearTimeout(timer);
  assert.match(demo.output, /\ndecisions:\n[^]*Started week-1 at 5 %/);
});

test('the terminal keeps to 80 columns', () => {
  for (const line of demo.output.split('\n').slice(8)) assert.ok([...line].length <= 80, line);
});
