'use client';

import './globals.css';

/** The last resort, when not even the frame of the console could be drawn. Shows no message of the error. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en" data-theme="system">
      <body className="min-h-dvh">
        <title>Landfall could not draw this page</title>
        <main className="mx-auto flex max-w-xl flex-col items-start gap-3 px-4 py-16">
          <h1 className="font-semibold text-page">Landfall could not draw this page</h1>
          <p className="text-prose text-text-2">
            Traffic through gateways is not affected. The log of the web process has the cause
            {error.digest ? ` under ${error.digest}` : ''}.
          </p>
          <button
            type="button"
            onClick={reset}
            className="inline-flex h-8 items-center rounded-control border border-control bg-surface px-3 font-medium text-data"
          >
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
