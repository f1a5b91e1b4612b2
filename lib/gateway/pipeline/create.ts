/** Wires the pipeline's own parts. */
import { Admission } from '../admission/admission';
import { ConfirmReader } from './confirm';
import type { PipelineParts } from './context';
import { Follower } from './follower';
import { Lanes } from './lanes';
import { Mirror, type MirrorJob } from './mirror';
import { Pipeline } from './pipeline';
import { TokenMemory } from './tokens';

type Given = Omit<PipelineParts, 'lanes' | 'mirror' | 'tokens' | 'admission'> & { admission?: Admission };

export function createPipeline(given: Given): Pipeline {
  const admission = given.admission ?? new Admission();
  const lanes = new Lanes<MirrorJob>();
  const mirror = new Mirror({ ...given, admission, lanes, follower: new Follower(), confirm: new ConfirmReader() });
  return new Pipeline({ ...given, lanes, mirror, tokens: new TokenMemory(given.clock), admission });
}
