import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { routes } from '@/app/_routes/routes';
import { requireSession } from '@/app/_server/session';
import { PageHead } from '@/app/_ui/kit/page-head';
import { Badge } from '@/app/_ui/primitives/badge';
import { Card } from '@/app/_ui/primitives/card';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import { entryOf } from '../runbook';

interface Props {
  params: Promise<{ code: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: entryOf(decodeURIComponent((await params).code))?.title ?? 'No such error' };
}

/** The runbook of one error, from the catalogue that the code itself reads. */
export default async function ErrorHelpPage({ params }: Props) {
  await requireSession();
  const code = decodeURIComponent((await params).code);
  const entry = entryOf(code);
  if (!entry) notFound();
  return (
    <div className="flex flex-col gap-4">
      <Breadcrumbs crumbs={[{ label: 'Help', href: routes.help() }, { label: code }]} />
      <PageHead
        title={entry.title}
        status={<Badge>{code}</Badge>}
        note={
          entry.retry
            ? 'The same request may succeed later without a change.'
            : 'The same request will be refused again until something changes.'
        }
      />
      <Card title="What to check">
        <ol className="flex list-decimal flex-col gap-2 pl-5 text-prose">
          {entry.check.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ol>
      </Card>
      <p className="text-data text-text-2">
        HTTP status {entry.http}. Traffic through gateways does not depend on the console.{' '}
        <Link href={routes.guide('at-2-am')} className="text-accent underline underline-offset-2">
          What to do at 2 a.m.
        </Link>
      </p>
    </div>
  );
}
