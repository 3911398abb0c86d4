// Measures GET /api/v1/route/{id} of callramp and of Express.js side by side: both run the whole time, wrk asks them in
// turns, and the medians of the turns are compared. First both must give the same answers.
//   npm ci && CALLRAMP_BINARY=../../build/release/callramp node compare.mjs [SECONDS A TURN] [TURNS]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { Program, free_ports, start_serve } from '../../tests/npm/programs.mjs';

const [seconds = '8', turns = '3'] = process.argv.slice(2);
const connections = 64;

function wrk(url, token) {
  const said = execFileSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '--latency', '-H', `Authorization: Bearer ${token}`,
    `${url}/api/v1/route/user-4711`], { encoding: 'utf8' });
  assert.ok(!/Non-2xx|Socket errors/.test(said), said);
  return { requests: Number(said.match(/(\d+) requests in/)[1]), rate: Number(said.match(/Requests\/sec:\s+([\d.]+)/)[1]), p50: said.match(/50%\s+(\S+)/)[1], p99: said.match(/99%\s+(\S+)/)[1] };
}

/// CPU seconds that a program and its workers have used. What a busy machine does to the rates it does not do to this.
function cpu_seconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  const own = (Number(stat[11]) + Number(stat[12])) / 100;  // in ticks of 10 ms
  const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return workers.reduce((sum, worker) => sum + cpu_seconds(worker), own);
}

async function start_express(token, workers) {
  const port = await free_ports();
  const program = new Program(`Express.js, ${workers} process(es)`, process.execPath, [new URL('express.mjs', import.meta.url).pathname],
    { NODE_ENV: 'production', PORT: String(port), TOKEN: token, PERCENTAGE: '5', WORKERS: String(workers) });
  program.url = `http://127.0.0.1:${port}`;
  await program.answers(`${program.url}/metrics`);
  return program;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ours = await start_serve({ OUTBOUND_CALLS_PERCENTAGE: '5' });
const programs = [ours];
try {
  programs.push(await start_express(ours.token, 1), await start_express(ours.token, os.cpus().length));
  const answer = async (program, user) => {
    const reply = await fetch(`${program.url}/api/v1/route/${encodeURIComponent(user)}`, { headers: { Authorization: `Bearer ${ours.token}` } });
    const { flagVersion, ...rest } = await reply.json();
    return rest;
  };
  for (let i = 0; i < 200; ++i)
    assert.deepEqual(await answer(ours, `user/${i}é`), await answer(programs[1], `user/${i}é`));
  for (const program of programs)
    assert.equal((await fetch(`${program.url}/api/v1/route/x`, { headers: { Authorization: 'Bearer wrong' } })).status, 401);

  console.log(`${os.cpus().length} cores (${os.cpus()[0].model}), node ${process.version}, wrk -t1 -c${connections}, ${turns} turns of ${seconds} s each`);
  const runs = programs.map(() => []);
  for (let turn = 0; turn < Number(turns); ++turn)
    programs.forEach((program, i) => {
      const before = cpu_seconds(program.process.pid);
      const result = wrk(program.url, ours.token);
      runs[i].push({ ...result, cpu: (cpu_seconds(program.process.pid) - before) / result.requests });
    });
  const rates = runs.map((results) => median(results.map((result) => result.rate)));
  const costs = runs.map((results) => median(results.map((result) => result.cpu)));
  programs.forEach((program, i) => {
    const all = runs[i].map((result) => Math.round(result.rate));
    console.log(`${program.name.padEnd(28)} ${Math.round(rates[i]).toString().padStart(8)} requests/s (${Math.min(...all)} … ${Math.max(...all)}), ` +
      `p50 ${runs[i][0].p50}, p99 ${runs[i][0].p99}, ${(costs[i] * 1e6).toFixed(1)} µs of CPU a request`);
  });
  console.log(`ratio: ${(rates[0] / rates[1]).toFixed(1)} times Express.js in one process, ${(rates[0] / rates[2]).toFixed(1)} times one process a core; ` +
    `CPU a request: ${(costs[1] / costs[0]).toFixed(1)} times`);
} finally {
  for (const program of programs) await program.stop().catch((error) => console.error(error.message));
}
