/** A writer as a process of its own; speaks with its parent by IPC. */
import { ApplicationWriter, type WriterOptions } from './application-writer';

let writer: ApplicationWriter | null = null;

process.on('message', (message: { start?: WriterOptions; stats?: true; pause?: boolean }) => {
  if (message.start && !writer) {
    writer = new ApplicationWriter(message.start);
    writer.start();
  }
  if (message.pause === true) writer?.pause();
  if (message.pause === false) writer?.resume();
  if (message.stats && writer) process.send?.({ stats: writer.stats() });
});

const end = () => {
  const stopping = writer ? writer.stop() : Promise.resolve();
  stopping.then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.once('SIGTERM', end);
// Ctrl-C reaches the whole terminal; the parent says when to end.
process.on('SIGINT', () => {});
// A parent that is gone leaves nobody who reads the numbers.
process.once('disconnect', end);
