'use client';

import { Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@/app/_ui/primitives/button';
import { Card } from '@/app/_ui/primitives/card';
import { Tab, TabPanel, Tabs, TabsList } from '@/app/_ui/primitives/tabs';
import { SAMPLES } from './sdk-samples';

const COPIED_MS = 2_000;

/** How an application is pointed at the gateway, in eight languages. */
export function SdkGuide({ endpoint, region }: { endpoint: string; region: string }) {
  return (
    <Card
      title="Point an application at the gateway"
      note="Change the endpoint of the SDK and give it an application key; nothing else. It works while nothing is being moved, too."
    >
      <Tabs defaultValue={SAMPLES[0]!.id}>
        <TabsList aria-label="Language">
          {SAMPLES.map((sample) => (
            <Tab key={sample.id} value={sample.id}>
              {sample.language}
            </Tab>
          ))}
        </TabsList>
        {SAMPLES.map((sample) => (
          <TabPanel key={sample.id} value={sample.id}>
            <Code label={sample.sdk} text={sample.code({ endpoint, region })} />
          </TabPanel>
        ))}
      </Tabs>
      <h3 className="mt-4 mb-2 font-medium text-data">Its key, by environment</h3>
      <Code
        label="Environment of the application"
        text={`AWS_ACCESS_KEY_ID=the id of an application key below\nAWS_SECRET_ACCESS_KEY=the secret shown once when the key was made\nAWS_ENDPOINT_URL_DYNAMODB=${endpoint}`}
      />
      <p className="mt-2 max-w-measure text-caption text-muted">
        SDKs of late read AWS_ENDPOINT_URL_DYNAMODB by themselves, so often no line of code changes at all. Give the
        application a request time-out above the hold of the plan, and let it retry as it does with DynamoDB.
      </p>
    </Card>
  );
}

function Code({ label, text }: { label: string; text: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = async () => {
    // The clipboard is missing on plain http beyond loopback; the text is selectable all the same.
    const isDone = await (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))).then(
      () => true,
      () => false,
    );
    setState(isDone ? 'copied' : 'failed');
    setTimeout(() => setState('idle'), COPIED_MS);
  };
  return (
    <div className="rounded-control border border-border bg-sunken">
      <div className="flex items-center justify-between gap-2 border-border border-b px-3 py-1">
        <span className="text-caption text-muted">{label}</span>
        <Button variant="ghost" size="sm" onClick={copy}>
          <Copy aria-hidden />
          <span role="status">{state === 'copied' ? 'Copied' : state === 'failed' ? 'Select the text' : 'Copy'}</span>
          <span className="sr-only">: {label}</span>
        </Button>
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard (WCAG 2.1.1).
        tabIndex={0}
        className="scroll-thin overflow-x-auto p-3 font-mono text-caption"
      >
        <code>{text}</code>
      </pre>
    </div>
  );
}
