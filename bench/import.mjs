// How fast a long list goes in: `callramp serve` on a new SQLite database, `callramp import` of generated rows, and, beside
// it on the same disk, what `sqlite3 .import` takes to put the same file into a table without looking at it.
//   CALLRAMP_BINARY=build/release/callramp node bench/import.mjs [ROWS]
// Prints one line of JSON: rows a second of the whole command and of each part, and the server's peak memory.
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { start_serve } from '../tests/npm/programs.mjs';

const rows = Number(process.argv[2] ?? 1_000_000);
const binary = path.resolve(process.env.CALLRAMP_BINARY ?? 'build/release/callramp');
const folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-import-'));
const list = path.join(folder, 'list.csv');

// Numbers in no order, half of them with blanks and without a code, as lists have them; 1 % repeat, 1 % cannot be.
async function write_list() {
  const out = createWriteStream(list);
  out.write('name,phone,order_id,city,language\n');
  let state = 1n;
  const next = () => Number((state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn) >> 33n);
  let before = '9876543210';
  for (let i = 0; i < rows; ++i) {
    let number = String(7_000_000_000 + (next() * 1000 + next() % 1000) % 2_999_999_999);
    if (i % 100 === 17) number = before;
    if (i % 100 === 53) number = number.slice(0, 6);
    before = number;
    const written = i % 2 ? `+91${number}` : `${number.slice(0, 5)} ${number.slice(5)}`;
    if (!out.write(`Asha Rao ${i},${written},ORD-${i},${i % 3 ? 'Pune' : '"Lake Road, Kochi"'},en-IN\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
await write_list();

const server = await start_serve();
const status = () => readFileSync(`/proc/${server.process.pid}/status`, 'utf8');
const megabytes = (name) => Math.round(Number(status().match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024);
const agent = { id: 'sales', name: 'Sales', greeting: 'Hello.', disclosure: 'I am an AI.', prompt: 'Sell.' };
await fetch(`${server.url}/api/v1/agents`, {
  method: 'POST', headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json' }, body: JSON.stringify(agent),
});
const rss_before = megabytes('VmRSS');
const timed = (work) => {
  const start = process.hrtime.bigint();
  const result = work();
  return [Number(process.hrtime.bigint() - start) / 1e9, result];
};
const [whole_s, answer] = timed(() => execFileSync(binary, ['import', list, '--agent', 'sales', '--json'],
  { encoding: 'utf8', env: { ...process.env, ...server.env } }));
const batch = JSON.parse(answer);
const rss_peak = megabytes('VmHWM');
const worked_s = (Date.parse(batch.finishedAt) - Date.parse(batch.createdAt)) / 1000;
await server.stop();

const [sqlite_s] = timed(() => execFileSync('sqlite3', [path.join(folder, 'plain.db'), 'pragma journal_mode = wal', '.mode csv',
  `.import ${list} contacts`], { encoding: 'utf8' }));
console.log(JSON.stringify({
  rows, file_mb: Math.round(statSync(list).size / 1e6), good: batch.good, rejected: batch.rejected, duplicates: batch.duplicates,
  whole_s: Number(whole_s.toFixed(1)), rows_per_s_whole: Math.round(rows / whole_s),
  rows_per_s_after_upload: Math.round(rows / worked_s), rss_mb_before: rss_before, rss_mb_peak: rss_peak,
  sqlite_import_s: Number(sqlite_s.toFixed(1)), sqlite_import_rows_per_s: Math.round(rows / sqlite_s),
  cpus: os.cpus().length, cpu: os.cpus()[0].model, load: os.loadavg()[0],
}));
rmSync(folder, { recursive: true });
