/** Wires the pipeline's own parts. */
import { ConfirmReader } from './confirm';
import type { PipelineParts } from './context';
import { Follower } from './follower';
import { Lanes } from './lanes';
import { Mirror, type MirrorJob } from './mirror';
import { Pipeline } from './pipeline';
import { TokenMemory } from './tokens';

export function createPipeline(given: Omit<PipelineParts, 'lanes' | 'mirror' | 'tokens'>): Pipeline {
  const lanes = new Lanes<MirrorJob>();
  const mirror = new Mirror({ ...given, lanes, follower: new Follower(), confirm: new ConfirmReader() });
  return new Pipeline({ ...given, lanes, mirror, tokens: new TokenMemory(given.clock) });
}
