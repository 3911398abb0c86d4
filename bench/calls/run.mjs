// Puts a number of concurrent calls on callramp and says what they felt like: `callramp serve` and `callramp sandbox`
// run as two processes, speech, language and voice over TLS, and everything is measured by the sandbox, from outside.
//   CALLRAMP_BINARY=build/release/callramp node bench/calls/run.mjs [CONCURRENT] [SECONDS]
// Prints one line of JSON. README.md beside it says what the figures mean.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Program, free_ports, start_serve } from '../../tests/npm/programs.mjs';

const [concurrent = 100, window_seconds = 60] = process.argv.slice(2).map(Number);
const ticks_per_second = 100;  // USER_HZ, the same on every Linux
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const round = (value, digits = 2) => value === null ? null : Number(value.toFixed(digits));

// Everybody answers and talks for seven turns, a minute in all; pauses differ, so that calls do not march in step.
const world = {
  seed: 1,
  callees: [{
    match: '*', answers: 'person', ring_s: [0.2, 0.6], waits_s: [0.3, 2.0],
    says: ['hello yes who is this please', 'yes that is correct', 'can you tell me when it will come', 'that is fine for me',
      'my address is still the same', 'please call before you come', 'thank you very much goodbye'],
  }],
  llm: [{ say: 'Thank you, I have noted that down for you. The delivery comes tomorrow between ten and twelve. Is there anything else?' }],
  delays: { stt_final_ms: 120, llm_first_token_ms: 200, tts_first_byte_ms: 80 },
  exotel: { price_after_s: 2 },
  limits: { exotel_per_minute: 0, exotel_concurrent: 0 },
};
const agent = {
  name: 'Load', greeting: 'Hello! I am calling about your order of this week. Is this a good moment?',
  disclosure: 'I am an AI assistant calling for Green Basket.', prompt: 'Confirm the order.', goodbye: 'Thank you. Goodbye!',
  apology: 'I am sorry, we have a technical problem. Goodbye.', language: 'en-IN', voice: 'aura-2-thalia-en',
  model: 'gpt-4.1-mini', sttModel: 'nova-3', maxDurationSeconds: 300, maxTurns: 20,
};

function cpu_seconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks_per_second;
}
const rss_kb = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
const load = () => Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
/// Seconds that the machine's cores have worked for anybody.
function machine_busy_seconds() {
  const [user, nice, system, , , irq, soft] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + soft) / ticks_per_second;
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-bench-'));
const file = (name) => path.join(folder, name);
writeFileSync(file('world.yaml'), JSON.stringify(world));
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
  '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', file('key.pem'),
  '-out', file('certificate.pem')], { stdio: 'ignore' });

const base = await free_ports(10);
const sandbox = new Program('callramp sandbox', path.resolve(process.env.CALLRAMP_BINARY ?? 'build/release/callramp'),
  ['sandbox', '--port', String(base), '--world', file('world.yaml'), '--tls-certificate', file('certificate.pem'),
    '--tls-key', file('key.pem')]);
const control = `http://127.0.0.1:${base + 9}`;
const stats = async () => (await fetch(`${control}/stats`)).json();
let serve;
try {
  await sandbox.answers(`${control}/health`);
  serve = await start_serve({
    EXOTEL_BASE_URL: `http://127.0.0.1:${base}`,
    DEEPGRAM_BASE_URL: `https://127.0.0.1:${base + 1}`,
    OPENAI_BASE_URL: `https://127.0.0.1:${base + 2}/v1`,
    PROVIDER_CA_FILE: file('certificate.pem'),
    EXOTEL_SID: 'load', EXOTEL_API_KEY: 'load', EXOTEL_API_TOKEN: 'load', EXOTEL_VIRTUAL_NUMBER: '08047491899',
    DEEPGRAM_API_KEY: 'load', OPENAI_API_KEY: 'load',
    EXOTEL_CHUNK_BYTES: '640',
    // Open dials count from the first ring to the settled end; the few more keep this number of people on the line.
    MAX_CONCURRENT_OUTBOUND_CALLS: String(Math.ceil(concurrent * 1.03)),
    DIALS_PER_SECOND: '20', OUTBOUND_CALLS_PERCENTAGE: '100', PRICE_AFTER: '5', CALLING_WINDOW_PROMOTIONAL: 'always',
    LOG_LEVEL: 'warn',
  });
  const api = async (method, target, body) => {
    const reply = await fetch(serve.url + target, {
      method, headers: { Authorization: `Bearer ${serve.token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${method} ${target}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  };
  await api('PUT', '/api/v1/agents/load', agent);
  const final_calls = async () => (await api('GET', '/api/v1/calls?status=final&limit=1')).total;

  let accepted = 0;
  let feeding = true;
  const feed = (async () => {
    while (feeding) {
      const wanted = await final_calls() + Math.ceil(concurrent * 1.2);
      for (; accepted < wanted; ++accepted)
        await api('POST', '/api/v1/calls/outbound', { phoneNumber: `+9198${String(10000000 + accepted)}`, agentId: 'load', metadata: {} });
      await pause(500);
    }
  })();

  const idle_rss = rss_kb(serve.process.pid);
  const began = Date.now();
  while ((await stats()).exotel.streamsOpen < concurrent * 0.97) {
    if (Date.now() - began > 120_000) throw new Error(`only ${(await stats()).exotel.streamsOpen} of ${concurrent} calls came up in 120 s`);
    await pause(250);
  }
  await pause(10_000);  // the first words of the youngest
  await fetch(`${control}/reset`, { method: 'POST' });

  const at = () => ({ ms: Date.now(), product: cpu_seconds(serve.process.pid), sandbox: cpu_seconds(sandbox.process.pid), machine: machine_busy_seconds() });
  const first = at();
  const open = [];
  const rss = [];
  const loads = [];
  while (Date.now() < first.ms + window_seconds * 1000) {
    open.push((await stats()).exotel.streamsOpen);
    rss.push(rss_kb(serve.process.pid));
    loads.push(load());
    await pause(1000);
  }
  const last = at();
  const latency = (await stats()).latency;
  feeding = false;
  await feed;
  const drained_by = Date.now() + 180_000;
  while (await final_calls() < accepted && Date.now() < drained_by) await pause(1000);

  const after = await stats();
  const outcomes = {};
  const reasons = {};
  let seen = 0;
  for (let page = 1; seen < accepted; ++page) {
    const { calls } = await api('GET', `/api/v1/calls?limit=100&page=${page}`);
    if (calls.length === 0) break;
    seen += calls.length;
    for (const call of calls) {
      outcomes[call.outcome ?? call.status] = (outcomes[call.outcome ?? call.status] ?? 0) + 1;
      if (call.outcome === 'completed') continue;
      const why = `${call.outcome ?? call.status}, ${call.fault ?? 'nobody'}: ${call.reason}`;
      reasons[why] = (reasons[why] ?? 0) + 1;
    }
  }
  const wall = (last.ms - first.ms) / 1000;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const call_minutes = mean(open) * wall / 60;
  const ours = last.product - first.product;
  const theirs = last.sandbox - first.sandbox;
  const percentiles = ({ p50, p95, p99, max }) => ({ p50: round(p50), p95: round(p95), p99: round(p99), max: round(max) });
  console.log(JSON.stringify({
    concurrent: round(mean(open), 1),
    calls: accepted,
    turns: latency.turns,
    utterances: after.playout.utterances,
    underrun_share: round(after.playout.ranDryShare, 5),
    longest_gap_ms: round(after.playout.longestGapMs),
    added_latency_ms: percentiles(latency.addedMs),
    total_latency_ms: percentiles(latency.totalMs),
    cpu_seconds_per_call_minute: round(ours / call_minutes, 4),
    rss_kb_per_call: round((mean(rss) - idle_rss) / mean(open), 1),
    rss_mb: round(mean(rss) / 1024, 1),
    outcomes,
    errors: reasons,
    violations: after.violations,
    cores: os.cpus().length,
    product_cores: round(ours / wall),
    sandbox_cores: round(theirs / wall),
    other_cores: round((last.machine - first.machine - ours - theirs) / wall),
    sandbox_latest_tick_ms: round(after.latestTickMs),
    loadavg: { least: Math.min(...loads), most: Math.max(...loads) },
  }));
  // Only a clean end counts: serve drains, and both end with code 0.
  await serve.stop();
  serve = undefined;
  await sandbox.stop();
} catch (error) {
  if (serve) error.message += `\ncallramp serve said:\n${serve.output.slice(-3000)}`;
  throw error;
} finally {
  serve?.process.kill('SIGKILL');
  sandbox.process.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
