/** A TCP relay, e.g. in front of Postgres, that can freeze (half-open), cut and heal. */
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** The same URL by way of the proxy. */
  through(url: string): string;
  /** Bytes stop on every connection, present and new; nothing closes. */
  freeze(): void;
  /** Ends every connection and refuses new ones. */
  cut(): void;
  /** Frozen connections flow again and new ones are let in. */
  heal(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(upstreamPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'frozen' | 'cut' = 'open';
  const keep = (socket: Socket, peer: Socket) => {
    sockets.add(socket);
    if (state === 'frozen') socket.pause();
    socket.on('data', (data) => peer.write(data));
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      peer.destroy();
    });
  };
  const server = createServer((client) => {
    if (state === 'cut') return void client.resetAndDestroy();
    const upstream = connect(upstreamPort, '127.0.0.1');
    keep(client, upstream);
    keep(upstream, client);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return {
    port,
    through: (url) => {
      const address = new URL(url);
      address.host = `127.0.0.1:${port}`;
      return address.toString();
    },
    freeze: () => {
      state = 'frozen';
      for (const socket of sockets) socket.pause();
    },
    cut: () => {
      state = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    heal: () => {
      state = 'open';
      for (const socket of sockets) socket.resume();
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
