import type { Metadata } from 'next';
import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import { container } from '@/app/_server/container';
import { requireSession } from '@/app/_server/session';
import { Code } from '@/app/_ui/kit/code.client';
import { PageHead } from '@/app/_ui/kit/page-head';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import { CLIENT_SAMPLE } from './samples';
import { FlagSamples } from './samples.client';

export const metadata: Metadata = { title: 'Without a gateway on the way' };

export default async function ApplicationsPage() {
  await requireSession();
  const { publicUrl } = container().config;
  return (
    <article className="flex min-w-0 flex-col gap-6">
      <Breadcrumbs crumbs={[{ label: 'Help', href: routes.help() }, { label: 'Without a gateway on the way' }]} />
      <PageHead
        title="Without a gateway on the way"
        note="An application needs nothing but another endpoint. These are for those that cannot have that."
      />
      <section className="flex min-w-0 flex-col gap-2 text-prose leading-6">
        <h2 className="font-semibold text-section">Flags, for code that dual-writes by itself</h2>
        <p className="max-w-measure">
          Such code decides where it reads. Landfall answers that over OFREP with the buckets of its gateways, so one
          key has one side everywhere. The flag <code>PLAN.TABLE.read</code> is “source” or “target” for the partition
          key that you give as targeting key; a number or bytes in base64 as text. <code>PLAN.TABLE.routing</code> is
          all that a data plane needs that buckets by itself, and <code>PLAN.TABLE.stage</code> the stage. The page of a
          plan lists the names. An administrator makes the key under{' '}
          <Link href={routes.apiKeys()} className="text-accent underline underline-offset-2">
            Settings, API keys
          </Link>
          .
        </p>
        <FlagSamples url={publicUrl} />
        <ul className="flex max-w-measure list-disc flex-col gap-1.5 pl-5">
          <li>Ask once a request, or use a web provider, which hears of changes; one call a read is one hop a read.</li>
          <li>
            While reads are shared out, a partition with a key that may differ is “source”, known to a second. Later the
            target has the truth, and the flag stays “target”.
          </li>
          <li>
            The default in your code is used when Landfall does not answer. “source” is right until write authority is
            flipped; change it to “target” before that.
          </li>
          <li>
            Landfall does not see the writes of such code. They count at no fence: stop it before a flip, and let a
            verification find what differs.
          </li>
        </ul>
      </section>
      <section className="flex min-w-0 flex-col gap-2 text-prose leading-6">
        <h2 className="font-semibold text-section">The client inside a Node application</h2>
        <p className="max-w-measure">
          The same router as a gateway, in the process of the application: a DynamoDBClient of the AWS SDK with nothing
          on the way. It is a registered gateway: barriers and fences wait for it, so it needs a directory that comes
          back with the process, and a goodbye at the end.
        </p>
        <Code label="TypeScript" text={CLIENT_SAMPLE} />
      </section>
    </article>
  );
}
