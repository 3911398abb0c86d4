// Starts and stops callramp's programs for tests that look at it from outside: on free ports, with a data folder of
// their own, waiting until they answer. A program that ends early or does not stop on SIGTERM is an error.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const start_seconds = 30;
const stop_seconds = 30;

/// Whether nobody listens on this port of 127.0.0.1 now.
function is_free(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/// The first of `count` free ports in a row. Below 32768, where Linux does not take ports for outgoing connections; ctest
/// gives each test a range of its own (CALLRAMP_TEST_PORTS), so that none takes a port that another has left for a moment.
export async function free_ports(count = 1) {
  const [first, last] = (process.env.CALLRAMP_TEST_PORTS ?? '15000-31999').split('-').map(Number);
  if (!(last - first >= count)) throw new Error(`CALLRAMP_TEST_PORTS must read FIRST-LAST with room for ${count} ports`);
  for (let tries = 0; tries < 200; ++tries) {
    const base = first + Math.floor(Math.random() * (last - first + 1 - count));
    const free = await Promise.all(Array.from({ length: count }, (_, i) => is_free(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`no ${count} free ports in a row between ${first} and ${last}`);
}

/// A running program: `stop()` sends SIGTERM and holds it to a clean end.
export class Program {
  constructor(name, command, args, env = {}, cwd = undefined) {
    this.name = name;
    this.output = '';
    this.process = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk) => { this.output = (this.output + chunk).slice(-20000); };
    this.process.stdout.on('data', keep);
    this.process.stderr.on('data', keep);
    this.ended = new Promise((resolve) => {
      this.process.once('error', (error) => resolve(`could not be started: ${error.message}`));
      this.process.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `ended with code ${code}`));
    });
  }

  /// Polls `url` until it answers with a success.
  async answers(url) {
    let over;
    this.ended.then((how) => { over = how; });
    let last = 'no answer';
    for (const end = Date.now() + start_seconds * 1000; Date.now() < end;) {
      if (over) throw new Error(`${this.name} ${over} before it answered ${url}; it said:\n${this.output}`);
      try {
        const reply = await fetch(url, { signal: AbortSignal.timeout(2000) });
        await reply.arrayBuffer();
        if (reply.ok) return;
        last = `HTTP ${reply.status}`;
      } catch (error) {
        last = error.cause?.code ?? error.message;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${this.name} did not answer ${url} in ${start_seconds} s (${last}); it said:\n${this.output}`);
  }

  async stop() {
    this.process.kill('SIGTERM');
    let timer;
    const late = new Promise((resolve) => { timer = setTimeout(() => resolve('late'), stop_seconds * 1000); });
    const how = await Promise.race([this.ended, late]);
    clearTimeout(timer);
    if (how === 'ended with code 0') return;
    this.process.kill('SIGKILL');
    await this.ended;
    throw new Error(`${this.name} should end with code 0 within ${stop_seconds} s of SIGTERM, but ${how}; it said:\n${this.output}`);
  }
}

function binary() {
  if (!process.env.CALLRAMP_BINARY) throw new Error('CALLRAMP_BINARY must name the built program, e.g. build/release/callramp');
  return path.resolve(process.env.CALLRAMP_BINARY);
}

/// The sandbox alone. `env` is what a product or an official client needs to reach it.
export async function start_sandbox() {
  const base = await free_ports(10);
  const program = new Program('callramp sandbox', binary(), ['sandbox', '--port', String(base)]);
  await program.answers(`http://127.0.0.1:${base + 9}/ledger`);
  program.base = base;
  program.env = {
    EXOTEL_BASE_URL: `http://127.0.0.1:${base}`,
    DEEPGRAM_BASE_URL: `http://127.0.0.1:${base + 1}`,
    OPENAI_BASE_URL: `http://127.0.0.1:${base + 2}/v1`,
    OLD_SYSTEM_URL: `http://127.0.0.1:${base + 3}`,
  };
  return program;
}

/// A server of the product on a free port with a new data folder, which `stop()` removes. Ready, and with its token.
async function start_server(name, args, env) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'callramp-test-'));
  const port = await free_ports();
  const url = `http://127.0.0.1:${port}`;
  const program = new Program(name, binary(), args,
    { CALLRAMP_DATA_DIR: folder, PORT: String(port), PUBLIC_URL: url, ...env }, folder);
  const stop = program.stop.bind(program);
  program.stop = async () => {
    try { await stop(); } finally { await rm(folder, { recursive: true, force: true }); }
  };
  try {
    await program.answers(`${url}/ready`);
    program.token = (await readFile(path.join(folder, 'admin-token'), 'utf8')).trim();
  } catch (error) {
    await program.stop().catch(() => {});
    throw error;
  }
  program.url = url;
  program.env = { CALLRAMP_URL: url, CALLRAMP_TOKEN: program.token };
  return program;
}

export const start_serve = (env = {}) => start_server('callramp serve', ['serve'], env);

/// The demo with a sandbox of its own: calls are placed at once, on both systems.
export async function start_demo(env = {}, args = []) {
  const base = await free_ports(10);
  return start_server('callramp demo', ['demo', '--sandbox-port', String(base), ...args], { DRAIN_TIMEOUT: '2', ...env });
}
