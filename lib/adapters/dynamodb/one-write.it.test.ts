import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { waitFor } from '@/lib/testing/wait-for';
import { writeMessage } from './one-write';

describe('messages written through one buffer', () => {
  it('arrive as they were, also those that a peer did not take at once', async () => {
    const accepted = new Promise<Socket>((done) => {
      const server = createServer((socket) => {
        server.close();
        done(socket);
      }).listen(0, '127.0.0.1', () => {
        reader = connect((server.address() as { port: number }).port, '127.0.0.1');
      });
    });
    let reader: Socket | null = null;
    const writer = await accepted;
    const sent: string[] = [];
    // Nobody reads until the kernel is full and the stream holds messages back.
    for (let n = 0; writer.writableLength < 64 * 1024; n += 1) {
      const body = Buffer.from(`${n}`.padStart(3_000, 'x'));
      writeMessage(writer, `head ${n};`, body);
      sent.push(`head ${n};${body.toString()}`);
    }
    writeMessage(writer, 'long;', Buffer.alloc(20_000, 'y'));
    sent.push(`long;${'y'.repeat(20_000)}`);
    writer.end();
    let text = '';
    const from = reader as unknown as Socket;
    from.on('data', (chunk) => {
      text += chunk.toString();
    });
    await waitFor(() => from.readableEnded, { what: 'the end of the messages' });
    expect(text === sent.join('')).toBe(true);
    from.destroy();
  });
});
