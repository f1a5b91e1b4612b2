import type { BenchVariant, ClientInput } from './protocol';

/** Clients by name; each process loads its own alone, so that none pays for another's modules. */
export const VARIANTS: Record<string, (input: ClientInput) => Promise<BenchVariant>> = {
  sdk: async (input) => (await import('./sdk')).sdkVariant(input, false),
  tunedSdk: async (input) => (await import('./sdk')).sdkVariant(input, true),
  socketLimit: async (input) => (await import('./bare-socket')).bareSocketVariant(input, false),
  socketLimitConfirmed: async (input) => (await import('./bare-socket')).bareSocketVariant(input, true),
  product: async (input) => await (await import('./product')).productVariant(input, false),
  productConfirmed: async (input) => await (await import('./product')).productVariant(input, true),
};
