import type { Metadata } from 'next';
import Link from 'next/link';
import { routes } from '@/app/_routes/routes';
import { requireSession } from '@/app/_server/session';
import { PageHead } from '@/app/_ui/kit/page-head';
import { Card } from '@/app/_ui/primitives/card';
import { ERRORS } from '@/lib/domain/errors';
import { GUIDE } from './guide';

export const metadata: Metadata = { title: 'Help' };

export default async function HelpPage() {
  await requireSession();
  return (
    <div className="flex flex-col gap-4">
      <PageHead title="Help" note="The operator's guide, and what to check for each error that Landfall can say." />
      <Card title="The operator's guide">
        <ul className="grid gap-3 sm:grid-cols-2">
          {GUIDE.map((page) => (
            <li key={page.slug}>
              <Link
                href={routes.guide(page.slug)}
                className="inline-block min-h-6 font-medium text-accent text-data leading-6 underline-offset-2 hover:underline"
              >
                {page.title}
              </Link>
              <p className="text-data text-text-2">{page.says}</p>
            </li>
          ))}
        </ul>
      </Card>
      <Card title="For applications without a gateway on the way">
        <Link
          href={routes.helpApplications()}
          className="inline-block min-h-6 font-medium text-accent text-data leading-6 underline-offset-2 hover:underline"
        >
          Flags for code that dual-writes, and the client inside the application
        </Link>
        <p className="text-data text-text-2">Samples in C#, Java, Python, Go and TypeScript.</p>
      </Card>
      <Card title="Errors by code">
        <ul className="grid gap-x-8 sm:grid-cols-2">
          {Object.entries(ERRORS).map(([code, entry]) => (
            <li key={code} className="border-border border-b py-1.5">
              <Link
                href={routes.helpError(code)}
                className="inline-block min-h-6 font-mono text-accent text-caption leading-6 underline-offset-2 hover:underline"
              >
                {code}
              </Link>
              <p className="text-data text-text-2">{entry.title}</p>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}
