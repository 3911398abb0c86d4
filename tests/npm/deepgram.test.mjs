// The official `@deepgram/sdk`, unmodified, against the sandbox alone. What it hears must follow from the samples: the
// sandbox's own voice speaks a phrase, and the same PCM, half of it, or silence goes back to be transcribed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeepgramClient } from '@deepgram/sdk';

const base = process.env.DEEPGRAM_BASE_URL;
assert.ok(base, 'DEEPGRAM_BASE_URL must name the sandbox, e.g. http://127.0.0.1:4011');
const sockets = base.replace(/^http/, 'ws');
const client = new DeepgramClient({ apiKey: 'test', environment: { base, production: sockets, agent: sockets, agentRest: base } });

const rate = 8_000;
const phrase = 'Yes please tell me more about the offer you have today';
const words = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}' ]/gu, ' ').split(/\s+/).filter(Boolean);

async function speak(text) {
  const reply = await client.speak.v1.audio.generate(
    { text, model: 'aura-2-thalia-en', encoding: 'linear16', sample_rate: rate, container: 'none' });
  const pcm = Buffer.from(await reply.arrayBuffer());
  assert.ok(pcm.length > 0 && pcm.length % 2 === 0, `${pcm.length} bytes are no 16-bit samples`);
  return pcm;
}

/// Sends `pcm` in frames of 100 ms, ten times faster than real time, and gives what was heard when the server closed.
async function listen(pcm, options = {}) {
  const connection = await client.listen.v1.connect({
    model: 'nova-3', language: 'en', encoding: 'linear16', sample_rate: rate, channels: 1, interim_results: 'true',
    endpointing: 300, reconnectAttempts: 0, ...options });
  const heard = { finals: [], interims: 0, metadata: undefined, results: [] };
  const closed = new Promise((resolve, reject) => {
    connection.on('message', (message) => {
      if (message.type === 'Metadata') heard.metadata = message;
      if (message.type !== 'Results') return;
      heard.results.push(message);
      if (message.is_final) heard.finals.push(message.channel.alternatives[0].transcript);
      else ++heard.interims;
    });
    connection.on('error', reject);
    connection.on('close', resolve);
  });
  connection.connect();
  await connection.waitForOpen();
  const frame = rate / 10 * 2;
  for (let at = 0; at < pcm.length; at += frame) {
    connection.sendMedia(pcm.subarray(at, at + frame));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  connection.sendCloseStream({ type: 'CloseStream' });
  await closed;
  heard.words = words(heard.finals.join(' '));
  return heard;
}

const silence = (seconds) => Buffer.alloc(rate * 2 * seconds);
const spoken = await speak(phrase);

test('a phrase that was spoken is heard word for word', async () => {
  const heard = await listen(Buffer.concat([silence(0.5), spoken, silence(1)]));
  assert.deepEqual(heard.words, words(phrase));
  assert.ok(heard.interims > 0, 'interim results were asked for');
  assert.ok(heard.results.some((result) => result.speech_final), 'the end of the turn was not marked');
  assert.ok(heard.metadata?.request_id, 'Metadata closes a stream');
  const seconds = (spoken.length + silence(1.5).length) / 2 / rate;
  assert.ok(Math.abs(heard.metadata.duration - seconds) < 0.2, `${heard.metadata.duration} s of ${seconds} s`);
});

test('half of the samples give half of the words', async () => {
  const half = spoken.subarray(0, Math.floor(spoken.length / 4) * 2);
  const heard = await listen(Buffer.concat([silence(0.5), half, silence(1)]));
  const all = words(phrase);
  assert.deepEqual(heard.words, all.slice(0, heard.words.length), 'what is heard is the beginning');
  assert.ok(Math.abs(heard.words.length - all.length / 2) <= 1.5, `${heard.words.length} of ${all.length} words`);
});

test('the second half gives the words at the end', async () => {
  const heard = await listen(Buffer.concat([silence(0.5), spoken.subarray(Math.floor(spoken.length / 4) * 2), silence(1)]));
  const all = words(phrase);
  assert.deepEqual(heard.words, all.slice(all.length - heard.words.length), 'what is heard is the end');
  assert.ok(Math.abs(heard.words.length - all.length / 2) <= 1.5, `${heard.words.length} of ${all.length} words`);
});

test('silence gives nothing', async () => {
  const heard = await listen(silence(3));
  assert.deepEqual(heard.words, []);
  assert.ok(heard.results.every((result) => result.channel.alternatives[0].transcript === ''));
});

test('noise that is no phrase gives nothing', async () => {
  let state = 1;
  const noise = Buffer.alloc(rate * 2 * 2);
  for (let at = 0; at < noise.length; at += 2) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    noise.writeInt16LE(((state >>> 16) - 32768) >> 2, at);
  }
  assert.deepEqual((await listen(noise)).words, []);
});

test('two phrases in one stream are two turns', async () => {
  const other = await speak('Thank you and goodbye');
  const heard = await listen(Buffer.concat([silence(0.3), spoken, silence(1.5), other, silence(1)]));
  assert.deepEqual(heard.words, [...words(phrase), 'thank', 'you', 'and', 'goodbye']);
  assert.ok(heard.results.filter((result) => result.speech_final).length >= 2);
});

test('another sample rate of the voice is heard as well', async () => {
  const reply = await client.speak.v1.audio.generate(
    { text: phrase, model: 'aura-2-thalia-en', encoding: 'linear16', sample_rate: 16_000, container: 'none' });
  const pcm = Buffer.from(await reply.arrayBuffer());
  const heard = await listen(Buffer.concat([pcm, Buffer.alloc(32_000)]), { sample_rate: 16_000 });
  assert.deepEqual(heard.words, words(phrase));
});

test('a wrong key is refused before the socket opens', async () => {
  const stranger = new DeepgramClient({ apiKey: 'bad', environment: { base, production: sockets, agent: sockets, agentRest: base } });
  await assert.rejects(
    (async () => (await stranger.speak.v1.audio.generate({ text: phrase, model: 'aura-2-thalia-en' })).arrayBuffer())(),
    (error) => error.statusCode === 401);
});
