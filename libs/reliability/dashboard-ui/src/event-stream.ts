/**
 * Reads server-sent events from an answer's body and gives each one's data. Ends with the body. An event longer than
 * `maxChars` ends it too: whoever sends that is not our server.
 */
export async function* eventData(body: ReadableStream<Uint8Array>, maxChars = 64_000_000): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      if (rest.length > maxChars) throw new Error('an event without end');
      for (const block of blocks) {
        const lines = block.split('\n').filter((line) => line.startsWith('data:'));
        if (lines.length > 0) yield lines.map((line) => line.slice(5).trimStart()).join('\n');
      }
    }
  } finally {
    reader.releaseLock();
    await body.cancel().catch(() => undefined);
  }
}
