'use server';

import { runAction } from '@/app/_server/run-action';
import { type LabInput, labInput } from '@/lib/contracts/lab';
import { runLab as run } from '@/lib/services/lab/run-lab';

/** Without a key: a stored answer would keep the sample item, and running it again changes nothing. */
export async function runLab(input: LabInput) {
  const rules = { role: 'operator', action: 'table.lab', schema: labInput } as const;
  return await runAction(rules, input, (given, { ctx, actor }) => run(ctx, actor, given));
}
