'use client';

import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import { Code } from '@/app/_ui/kit/code.client';
import { Card } from '@/app/_ui/primitives/card';
import { Tab, TabPanel, Tabs, TabsList } from '@/app/_ui/primitives/tabs';
import { SAMPLES } from './sdk-samples';

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
      <p className="mt-2 text-data">
        <Link
          href={routes.helpApplications()}
          className="inline-flex min-h-6 items-center text-accent underline-offset-2 hover:underline"
        >
          Without a gateway on the way: flags for code that dual-writes, and the client inside the application
        </Link>
      </p>
    </Card>
  );
}
