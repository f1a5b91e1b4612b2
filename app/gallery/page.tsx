import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { isDevelopment } from '../_server/mode';
import { Gallery } from './gallery.client';

export const metadata: Metadata = { title: 'Kit gallery' };

/** Every part of the kit in its states, for whoever works on it. It exists on a development server alone. */
export default function GalleryPage() {
  if (!isDevelopment) notFound();
  return <Gallery />;
}
