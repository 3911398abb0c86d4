// node run-with.mjs sandbox|serve FILE.test.mjs: starts that program, runs the test file with Node's own test runner
// against it by environment, and stops the program. Its exit code is the test's.
import { spawn } from 'node:child_process';
import { start_sandbox, start_serve } from './programs.mjs';

const [kind, file] = process.argv.slice(2);
const starters = { sandbox: start_sandbox, serve: start_serve };
if (!starters[kind] || !file) {
  console.error('usage: node run-with.mjs sandbox|serve FILE.test.mjs');
  process.exit(2);
}
const program = await starters[kind]();
try {
  const test = spawn(process.execPath, ['--test', file], { env: { ...process.env, ...program.env }, stdio: 'inherit' });
  process.exitCode = await new Promise((resolve) => test.once('exit', (code) => resolve(code ?? 1)));
  if (process.exitCode !== 0) console.error(`--- ${program.name} said:\n${program.output}`);
} finally {
  await program.stop();
}
