import { createStoreWire, type StoreWireOptions } from './dynamodb/wire';
import type { StoreTarget, StoreWire } from './ports';
import { createRestWire } from './terrascale-rest/rest-wire';

/** The wire of a connection by its kind; everything above it speaks DynamoDB's protocol to either. */
export function createWire(target: StoreTarget, options: StoreWireOptions = {}): StoreWire {
  return target.kind === 'terrascale_rest' ? createRestWire(target, options) : createStoreWire(target, options);
}
