/**
 * Clients on bare sockets, in a process of their own: each asks on its connection until it is told to close it, waits for
 * the end, and connects anew, until nobody listens or it was told `TOLD` times. Nothing of readiness is looked at.
 * Arguments: port, clients, milliseconds between requests, TOLD. Prints what became of them as one line of JSON.
 */
import { connect } from 'node:net';

const [port, clients, pauseMs, toldMax] = process.argv.slice(2).map(Number);
const BODY = '{"TableName":"t","Key":{"pk":{"S":"a"}}}';
const REQUEST = `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const seen = { answers: 0, told: 0, resets: 0, silent: 0, refused: 0 };
const rest = (ms) => new Promise((done) => setTimeout(done, ms));

/** One connection to its end: `told`, `refused`, or what went wrong. */
function life() {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let isConnected = false;
    let isAsking = false;
    const ask = () => {
      text = '';
      isAsking = true;
      socket.write(REQUEST);
    };
    socket.on('connect', () => {
      isConnected = true;
      ask();
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? -1);
      if (head === -1 || text.length < head + 4 + length) return;
      isAsking = false;
      seen.answers += 1;
      if (!text.includes('connection: close')) setTimeout(() => socket.destroyed || ask(), pauseMs);
    });
    socket.on('error', (error) => done(isConnected || error.code !== 'ECONNREFUSED' ? 'resets' : 'refused'));
    socket.on('end', () => done(isAsking ? 'silent' : 'told'));
  });
}

async function client() {
  for (let told = 0; told < toldMax; ) {
    const end = await life();
    seen[end] += 1;
    if (end === 'refused') return;
    if (end === 'told') told += 1;
    await rest(pauseMs);
  }
}

process.stdout.write('begun\n');
await Promise.all(Array.from({ length: clients }, client));
process.stdout.write(`${JSON.stringify(seen)}\n`);
