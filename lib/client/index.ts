/** What applications import. */
export { LandfallClient, landfallHandler } from './client';
export { LandfallClosedError, LandfallFatalError, LandfallOptionsError } from './faults';
export { LandfallHandler } from './handler';
export type { LandfallLog, LandfallOptions } from './options';
