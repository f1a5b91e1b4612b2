declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
    maxItemSizeKb?: number;
  }
  /** An HTTP server that speaks the DynamoDB protocol; in memory unless a path is given. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
