import type { Socket } from 'node:net';

/** Up to here a body is copied behind its head for one write; a larger one goes by writev. */
const ONE_WRITE_BYTES_MAX = 16 * 1024;
const ROOM_BYTES = 4 * 1024;

/**
 * Short messages of a process are put together in one buffer, because nearly always the kernel takes a message whole
 * within the call, and then nobody looks at its bytes again. Where it did not take all of it, the socket keeps the buffer
 * and the next message gets another. It is small because a peer that takes nothing keeps one; what it has coming after
 * that, and what TLS holds back to encrypt it, gets memory of its own size.
 */
let room = Buffer.allocUnsafeSlow(ROOM_BYTES);

/** Writes a head of latin1 and a body of bytes, in one write where they are short. */
export function writeMessage(socket: Socket, head: string, body: Buffer): void {
  if (body.length > ONE_WRITE_BYTES_MAX) {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
    return;
  }
  const length = head.length + body.length;
  const isInRoom = length <= ROOM_BYTES && socket.writableLength === 0 && !isEncrypted(socket);
  const bytes = isInRoom ? room.subarray(0, length) : Buffer.allocUnsafe(length);
  bytes.write(head, 0, head.length, 'latin1');
  body.copy(bytes, head.length);
  socket.write(bytes);
  if (isInRoom && socket.writableLength > 0) room = Buffer.allocUnsafeSlow(ROOM_BYTES);
}

const isEncrypted = (socket: Socket & { encrypted?: boolean }): boolean => socket.encrypted === true;
