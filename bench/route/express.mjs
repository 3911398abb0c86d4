// The routing question answered the usual way: Express.js, a bearer token compared in constant time, a histogram of
// response times by prom-client, and the rollout plan's own function. What callramp's route endpoint is measured against.
// Environment: PORT, TOKEN, PERCENTAGE, WORKERS (processes that share the port; 1 is Express as most people run it).
import cluster from 'node:cluster';
import { createHash, timingSafeEqual } from 'node:crypto';
import express from 'express';
import client from 'prom-client';

const { PORT, TOKEN, PERCENTAGE = '5', WORKERS = '1' } = process.env;
const flags = { outboundCallsEnabled: true, outboundCallsPercentage: Number(PERCENTAGE), version: 1 };
const token_hash = createHash('sha256').update(TOKEN ?? '').digest();

const response_time = new client.Histogram({
  name: 'http_request_duration_seconds', help: 'Response time by system', labelNames: ['system'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5],
});

// docs/gradual-rollout-plan.md, to the letter.
function hash_user_id(userId) {
  let hash = 0;
  for (let i = 0; i < userId.length; i++) {
    const char = userId.charCodeAt(i);
    hash = ((hash << 5) - hash) + char;
    hash = hash & hash;
  }
  return Math.abs(hash);
}

// MurmurHash3 x86-32, seed 0, over UTF-8: the decimals of a position.
function murmur3(text) {
  const bytes = Buffer.from(text, 'utf8');
  const mix = (k) => {
    k = Math.imul(k, 0xcc9e2d51);
    return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  };
  let h = 0;
  const blocks = bytes.length & ~3;
  for (let i = 0; i < blocks; i += 4) {
    h ^= mix(bytes.readInt32LE(i));
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= blocks; --i) tail = (tail << 8) | bytes[i];
  if (bytes.length & 3) h ^= mix(tail);
  h ^= bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function authenticate(request, response, next) {
  const header = request.headers.authorization ?? '';
  const given = createHash('sha256').update(header.startsWith('Bearer ') ? header.slice(7) : '').digest();
  if (timingSafeEqual(given, token_hash)) return next();
  response.status(401).json({ error: { code: 'UNAUTHORIZED', message: 'a valid bearer token is needed' } });
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/api/v1/route/:userId', authenticate, (request, response) => {
  const end = response_time.startTimer();
  const { userId } = request.params;
  const bucket = hash_user_id(userId) % 100;
  const position = (bucket * 100 + murmur3(userId) % 100) / 100;
  const below = position < flags.outboundCallsPercentage;
  const is_new = flags.outboundCallsEnabled && below;
  const system = is_new ? 'new-system' : 'old-system';
  const reason = !flags.outboundCallsEnabled ? 'outbound_calls_disabled' : below ? 'below_percentage' : 'at_or_above_percentage';
  response.json({ userId, system, bucket, position, percentage: flags.outboundCallsPercentage, reason, flagVersion: flags.version });
  end({ system: is_new ? 'new' : 'old' });
});
app.get('/metrics', async (_request, response) => {
  response.type(client.register.contentType).send(await client.register.metrics());
});

if (cluster.isPrimary && Number(WORKERS) > 1) {
  for (let i = 0; i < Number(WORKERS); ++i) cluster.fork();
  process.once('SIGTERM', () => process.exit(0));
} else {
  app.listen(Number(PORT), '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));
}
