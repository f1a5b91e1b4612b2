/** Wires the pipeline's own parts. */
import { Admission } from '../admission/admission';
import { ConfirmReader } from './confirm';
import type { PipelineParts } from './context';
import { Follower } from './follower';
import { Lanes } from './lanes';
import { Mirror, type MirrorJob } from './mirror';
import { Pipeline } from './pipeline';
import type { ShadowSample } from './shadow/recheck';
import { Shadow } from './shadow/shadow';
import { TokenMemory } from './tokens';

type Made = 'lanes' | 'mirror' | 'tokens' | 'admission' | 'shadow';
interface Given extends Omit<PipelineParts, Made> {
  admission?: Admission;
  /** Where tokens are shared with other gateways. */
  tokens?: TokenMemory;
  /** Where samples of shadow reads go; without it they are counted only. */
  onSample?: (sample: ShadowSample) => void;
}

export function createPipeline({ onSample, ...given }: Given): Pipeline {
  const admission = given.admission ?? new Admission();
  const tokens = given.tokens ?? new TokenMemory(given.clock);
  const lanes = new Lanes<MirrorJob>();
  const mirror = new Mirror({ ...given, admission, lanes, follower: new Follower(), confirm: new ConfirmReader() });
  const shadow = new Shadow({ ...given, admission, onSample: onSample ?? null });
  return new Pipeline({ ...given, lanes, mirror, tokens, admission, shadow });
}
