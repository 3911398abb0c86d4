// What the disk has of a killed server's database.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/// Rows of the query. From a copy: opening the file itself would mend what the next start must.
export function rows_of(file, sql) {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'callramp-crash-db-'));
  try {
    if (!existsSync(file)) return [];
    for (const end of ['', '-wal']) if (existsSync(file + end)) copyFileSync(file + end, `${copy}/copy.db${end}`);
    return JSON.parse(execFileSync('sqlite3', ['-json', `${copy}/copy.db`, sql], { encoding: 'utf8', maxBuffer: 1 << 28 }) || '[]');
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/// Numbers from 0 to below 1, the same for the same seed (mulberry32).
export function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/// A setting of the environment.
export function whole_number(name, otherwise) {
  const text = process.env[name] ?? String(otherwise);
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`${name} is '${text}', but must be a whole number from 1 to 99999`);
  return Number(text);
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
