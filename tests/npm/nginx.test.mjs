// docs/behind-nginx.md, run: the configuration is taken from the page as it stands (only ports, paths and the certificate
// are this test's), given to a real nginx, with a small server behind it that stands for callramp.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Program, free_ports } from './programs.mjs';

const page = readFileSync(new URL('../../docs/behind-nginx.md', import.meta.url), 'utf8');
const secret = 'f00dfeedf00dfeedf00dfeedf00dfeed';
const folder = mkdtempSync(path.join(os.tmpdir(), 'callramp-nginx-'));
const logs = () => ['access', 'error'].map((kind) => readFileSync(path.join(folder, `callramp.${kind}.log`), 'utf8')).join('\n');
let upstream;
let nginx;
let origin;
let plain_port;
let release_second_event;
let import_begun;

/// Stands for callramp: says what it was asked, streams two events, echoes a WebSocket.
function stand_in() {
  const server = http.createServer(async (request, response) => {
    if (request.url === '/api/v1/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: first\n\n');
      await new Promise((resolve) => { release_second_event = resolve; });
      response.end('data: second\n\n');
      return;
    }
    let bytes = 0;
    if (request.url === '/api/v1/calls/outbound/import') {
      for await (const chunk of request) {
        import_begun();
        bytes += chunk.length;
      }
      response.writeHead(202).end(String(bytes));
      return;
    }
    for await (const chunk of request) bytes += chunk.length;
    if (bytes > 1048576) response.statusCode = 413;
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, bytes }));
  });
  const sockets = new WebSocketServer({ server, path: `/ws/exotel/voice/${secret}` });
  sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  return server;
}

/// Replaces in the page's text; what is not there is a page that has changed under the test.
function put(text, from, to) {
  assert.ok(text.includes(from), `docs/behind-nginx.md no longer says '${from}'`);
  return text.replaceAll(from, to);
}

before(async () => {
  const [, text] = page.match(/```nginx\n([\s\S]*?)```/) ?? assert.fail('docs/behind-nginx.md has no nginx block');
  upstream = stand_in().listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  plain_port = await free_ports(2);
  origin = `https://127.0.0.1:${plain_port + 1}`;
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=calls.example.com', '-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`], { stdio: 'ignore' });
  let site = put(text, 'listen 80;', `listen 127.0.0.1:${plain_port};`);
  site = put(site, 'listen 443 ssl;', `listen 127.0.0.1:${plain_port + 1} ssl;`);
  site = put(site, 'server 127.0.0.1:3000;', `server 127.0.0.1:${upstream.address().port};`);
  site = put(site, '/etc/letsencrypt/live/calls.example.com/fullchain.pem', `${folder}/cert.pem`);
  site = put(site, '/etc/letsencrypt/live/calls.example.com/privkey.pem', `${folder}/key.pem`);
  site = put(site, '/var/log/nginx/', `${folder}/`);
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
  // Workers of a root's nginx become another user, who may not write into this folder.
  const user = process.getuid() === 0 ? 'user root root;\n' : '';
  writeFileSync(`${folder}/nginx.conf`,
    `daemon off;\n${user}pid ${folder}/nginx.pid;\nworker_processes 1;\nevents {}\nhttp {\n${scratch}\n${site}\n}\n`);
  nginx = new Program('nginx', '/usr/sbin/nginx', ['-e', `${folder}/callramp.error.log`, '-c', `${folder}/nginx.conf`]);
  for (let tries = 0; ; ++tries) {
    try { await ask('/health'); break; } catch (error) {
      if (tries > 100) throw new Error(`nginx does not answer (${error.message}); it said:\n${nginx.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});

after(async () => {
  upstream?.closeAllConnections?.();
  upstream?.close();
  await nginx?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/// One request through nginx. The certificate is self-signed here, which is not what is tested.
function ask(target, { method = 'GET', body, headers } = {}) {
  return new Promise((resolve, reject) => {
    const request = https.request(origin + target, { method, headers, rejectUnauthorized: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    request.once('error', reject);
    request.end(body);
  });
}

test('plain HTTP is sent to HTTPS', async () => {
  const reply = await fetch(`http://127.0.0.1:${plain_port}/api/v1/calls?page=2`, { redirect: 'manual' });
  assert.equal(reply.status, 301);
  assert.match(reply.headers.get('location'), /^https:\/\/.*\/api\/v1\/calls\?page=2$/);
});

test('a request arrives whole, with its origin', async () => {
  const reply = await ask('/api/v1/route/user%2F1?x=1', { headers: { Authorization: 'Bearer t' } });
  const seen = JSON.parse(reply.text);
  assert.equal(seen.url, '/api/v1/route/user%2F1?x=1');
  assert.equal(seen.headers.authorization, 'Bearer t');
  assert.equal(seen.headers['x-forwarded-proto'], 'https');
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
});

test('a WebSocket passes both ways, text and binary', async () => {
  const socket = new WebSocket(`${origin.replace('https', 'wss')}/ws/exotel/voice/${secret}`, { rejectUnauthorized: false });
  await once(socket, 'open');
  for (const message of ['{"event":"connected"}', Buffer.from([0, 255, 128])]) {
    socket.send(message);
    const [echo, binary] = await once(socket, 'message');
    assert.equal(binary, typeof message !== 'string');
    assert.deepEqual(echo, Buffer.from(message));
  }
  socket.close();
  await once(socket, 'close');
});

test('an event goes out before the next one exists', async () => {
  const response = await new Promise((resolve, reject) =>
    https.get(`${origin}/api/v1/events`, { rejectUnauthorized: false }, resolve).once('error', reject));
  const [first] = await once(response, 'data');
  assert.equal(String(first), 'data: first\n\n');
  release_second_event();
  const [second] = await once(response, 'data');
  assert.equal(String(second), 'data: second\n\n');
});

test('an import of any length is streamed, another body has its limit', async () => {
  const request = https.request(`${origin}/api/v1/calls/outbound/import`, { method: 'POST', rejectUnauthorized: false });
  const answered = once(request, 'response');
  const begun = new Promise((resolve) => { import_begun = resolve; });
  const megabyte = Buffer.alloc(1048576, 'x');
  request.write(megabyte);
  await begun;  // the program reads while the contact list is still being sent
  for (let i = 1; i < 8; ++i) request.write(megabyte);
  request.end();
  const [response] = await answered;
  assert.equal(response.statusCode, 202);
  let text = '';
  for await (const chunk of response) text += chunk;
  assert.equal(text, String(8 * 1048576));

  assert.equal((await ask('/api/v1/calls/outbound', { method: 'POST', body: megabyte })).status, 200);
  const over = await ask('/api/v1/calls/outbound', { method: 'POST', body: Buffer.alloc(1048577, 'x') });
  assert.equal(over.status, 413);
  assert.match(over.text, /"bytes":1048577/, 'the answer is the program\'s own');
  assert.equal((await ask('/api/v1/calls/outbound', { method: 'POST', body: Buffer.alloc(2097152, 'x') })).status, 413);
});

test('no log keeps a secret path, not even while the program is away', async () => {
  assert.equal((await ask(`/webhooks/exotel/${secret}/call-status`, { method: 'POST', body: 'x' })).status, 200);
  await ask('/health');
  upstream.closeAllConnections?.();
  await new Promise((resolve) => upstream.close(resolve));
  assert.equal((await ask(`/webhooks/exotel/${secret}/call-status`, { method: 'POST', body: 'x' })).status, 502);
  assert.equal((await ask(`/ws/exotel/voice/${secret}`, { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } })).status, 502);
  assert.equal((await ask('/health')).status, 502);
  const text = logs();
  assert.ok(!text.includes(secret), text);
  assert.match(text, /POST \/webhooks\/\*\*\*" 502/);
  assert.match(text, /GET \/ws\/exotel\/voice\/\*\*\*"/);
  assert.match(text, /connect\(\) failed/, 'other paths still report errors');
});
