import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { routes } from '@/app/_routes/routes';
import { requireSession } from '@/app/_server/session';
import { PageHead } from '@/app/_ui/kit/page-head';
import { Breadcrumbs } from '@/app/_ui/shell/breadcrumbs';
import { GUIDE } from '../../guide';

interface Props {
  params: Promise<{ page: string }>;
}

const pageOf = (slug: string) => GUIDE.find((each) => each.slug === slug);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: pageOf((await params).page)?.title ?? 'No such page' };
}

export default async function GuidePage({ params }: Props) {
  await requireSession();
  const page = pageOf((await params).page);
  if (!page) notFound();
  return (
    <article className="flex max-w-measure flex-col gap-6">
      <Breadcrumbs crumbs={[{ label: 'Help', href: routes.help() }, { label: page.title }]} />
      <PageHead title={page.title} note={page.says} />
      {page.sections.map((section) => (
        <section key={section.head} className="flex flex-col gap-2 text-prose leading-6">
          <h2 className="font-semibold text-section">{section.head}</h2>
          {section.text.map((text) => (
            <p key={text}>{text}</p>
          ))}
          {section.steps ? (
            <ol className="flex list-decimal flex-col gap-1.5 pl-5">
              {section.steps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          ) : null}
        </section>
      ))}
    </article>
  );
}
