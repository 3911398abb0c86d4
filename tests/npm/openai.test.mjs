// The official `openai` client, unmodified, against the sandbox alone: only its base URL differs from production.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';

assert.ok(process.env.OPENAI_BASE_URL, 'OPENAI_BASE_URL must name the sandbox, e.g. http://127.0.0.1:4012/v1');
const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.env.OPENAI_BASE_URL, maxRetries: 0, timeout: 20_000 });
const messages = [
  { role: 'system', content: 'You are a polite caller. Answer in one sentence.' },
  { role: 'user', content: 'Hello, who is calling please?' },
];

test('chat completions stream by pieces, with a reason to stop and the usage last', async () => {
  const stream = await client.chat.completions.create({
    model: 'gpt-4o-mini', stream: true, stream_options: { include_usage: true }, messages,
  });
  let text = '';
  let pieces = 0;
  const reasons = [];
  let last;
  for await (const chunk of stream) {
    last = chunk;
    assert.equal(chunk.object, 'chat.completion.chunk');
    const choice = chunk.choices[0];
    if (!choice) continue;
    if (choice.delta.content) { text += choice.delta.content; ++pieces; }
    if (choice.finish_reason) reasons.push(choice.finish_reason);
  }
  assert.ok(text.trim().length > 0, 'the model said nothing');
  assert.ok(pieces > 1, `a stream of one piece is none: ${JSON.stringify(text)}`);
  assert.deepEqual(reasons, ['stop']);
  assert.deepEqual(last.choices, []);
  assert.ok(last.usage.prompt_tokens > 0 && last.usage.completion_tokens > 0);
  assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
});

test('the streaming helper puts the whole answer together', async () => {
  const completion = await client.chat.completions.stream({ model: 'gpt-4o-mini', messages }).finalChatCompletion();
  assert.equal(completion.choices[0].message.role, 'assistant');
  assert.ok(completion.choices[0].message.content.trim().length > 0);
});

test('a stream that is given up leaves the next one whole', async () => {
  const stream = await client.chat.completions.create({ model: 'gpt-4o-mini', stream: true, messages });
  for await (const chunk of stream) { assert.ok(chunk.id); break; }
  const again = await client.chat.completions.stream({ model: 'gpt-4o-mini', messages }).finalChatCompletion();
  assert.equal(again.choices[0].finish_reason, 'stop');
});

test('a request without messages is refused as the service refuses it', async () => {
  await assert.rejects(client.chat.completions.create({ model: 'gpt-4o-mini', stream: true }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError, String(error));
    assert.equal(error.type, 'invalid_request_error');
    return true;
  });
});

test('a wrong key is refused as the service refuses it', async () => {
  const stranger = new OpenAI({ apiKey: 'bad', baseURL: process.env.OPENAI_BASE_URL, maxRetries: 0 });
  await assert.rejects(stranger.chat.completions.create({ model: 'gpt-4o-mini', stream: true, messages }), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError, String(error));
    assert.equal(error.code, 'invalid_api_key');
    return true;
  });
});

test('speech as PCM is 24 kHz, 16 bits, and no silence', async () => {
  const speak = async (input) => {
    const reply = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'alloy', input, response_format: 'pcm' });
    return Buffer.from(await reply.arrayBuffer());
  };
  const pcm = await speak('Good morning, this is a test of the speaking voice.');
  assert.equal(pcm.length % 2, 0);
  const seconds = pcm.length / 2 / 24_000;
  assert.ok(seconds > 1.5 && seconds < 8, `ten words take ${seconds} s`);
  let loudest = 0;
  for (let at = 0; at < pcm.length; at += 2) loudest = Math.max(loudest, Math.abs(pcm.readInt16LE(at)));
  assert.ok(loudest > 2_000, `the loudest sample is ${loudest}`);
  const longer = await speak('Good morning, this is a test of the speaking voice. Good morning, this is a test of the speaking voice.');
  assert.ok(longer.length > pcm.length * 1.5, 'twice the text takes more time');
});

test('speech as WAV says so in its header', async () => {
  const reply = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Hello.', response_format: 'wav' });
  const wav = Buffer.from(await reply.arrayBuffer());
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
  assert.equal(wav.toString('latin1', 8, 12), 'WAVE');
});
