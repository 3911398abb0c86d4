// docs/webhooks.md promises ten lines of Node and of Python that check a signature: they are taken out of the document and
// tried, with the vector that the product's own test holds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const text = readFileSync(fileURLToPath(new URL('../../docs/webhooks.md', import.meta.url)), 'utf8');
const example = (language) => {
  const found = text.match(new RegExp('```' + language + '\\n([\\s\\S]*?)```'));
  assert.ok(found, `docs/webhooks.md has a ${language} example`);
  assert.ok(found[1].trim().split('\n').length <= 10, `the ${language} example has at most ten lines`);
  return found[1];
};

const body = '{"id":"evt_1"}';
const signature = '76728ba9029660ebc0a14b80fefcffcc0ad9c7139948290090e9bb71e97d5918';
const good = `t=1764000000,v1=${signature}`;
const rows = [
  ['as it was sent', 'whsec_test', good, body, 1764000010, true],
  ['a changed body', 'whsec_test', good, body.replace('1', '2'), 1764000010, false],
  ['another secret', 'whsec_other', good, body, 1764000010, false],
  ['sent again six minutes later', 'whsec_test', good, body, 1764000360, false],
  ['another time', 'whsec_test', good.replace('1764000000', '1764000001'), body, 1764000010, false],
  ['a cut signature', 'whsec_test', good.slice(0, -2), body, 1764000010, false],
  ['no signature', 'whsec_test', 't=1764000000', body, 1764000010, false],
  ['no time', 'whsec_test', `v1=${signature}`, body, 1764000010, false],
  ['nothing at all', 'whsec_test', '', body, 1764000010, false],
];

const folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-docs-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

test('the Node example tells a good signature from every bad one', async () => {
  const file = path.join(folder, 'verify.mjs');
  writeFileSync(file, example('js'));
  const { verify } = await import(pathToFileURL(file));
  for (const [what, secret, header, sent, now, expected] of rows)
    assert.equal(verify(secret, header, Buffer.from(sent), now), expected, what);
});

test('the Python example tells a good signature from every bad one', () => {
  const script = `${example('python')}
import json, sys
rows = json.load(sys.stdin)
print(json.dumps([bool(verify(row[1], row[2], row[3].encode(), row[4])) for row in rows]))
`;
  const said = execFileSync('python3', ['-c', script], { input: JSON.stringify(rows), encoding: 'utf8' });
  assert.deepEqual(JSON.parse(said), rows.map((row) => row[5]));
});
