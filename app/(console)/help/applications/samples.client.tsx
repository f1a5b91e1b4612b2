'use client';

import { Code } from '@/app/_ui/kit/code.client';
import { Tab, TabPanel, Tabs, TabsList } from '@/app/_ui/primitives/tabs';
import { FLAG_SAMPLES } from './samples';

export function FlagSamples({ url }: { url: string }) {
  return (
    <Tabs defaultValue={FLAG_SAMPLES[0]!.id}>
      <TabsList aria-label="Language">
        {FLAG_SAMPLES.map((sample) => (
          <Tab key={sample.id} value={sample.id}>
            {sample.language}
          </Tab>
        ))}
      </TabsList>
      {FLAG_SAMPLES.map((sample) => (
        <TabPanel key={sample.id} value={sample.id}>
          <Code label={sample.library} text={sample.code(url)} />
        </TabPanel>
      ))}
    </Tabs>
  );
}
