/**
 * Images in the form of the other side, where attributes of a table are mapped. Backfill, settle, verification, recheck and
 * the look at stream records all go through here, so that there is one form and no second opinion of it. With a mapping an
 * item is decoded and written anew, at the price of the slices; without one it is never looked into.
 */
import type { WorkTable } from '@/db/queries/run';
import { ItemImage } from '@/lib/adapters/dynamodb/slices/item-image';
import { leftIn, mapItem, unmapItem } from '@/lib/domain/mapping/mapping';
import type { WorkerContext } from './context';

type Mapped = Pick<WorkTable, 'mappings'>;

const isOn = (ctx: Pick<WorkerContext, 'safeguards'>, table: Mapped): boolean =>
  ctx.safeguards.mappings && table.mappings.length > 0;

function changed(image: ItemImage, by: typeof mapItem, table: Mapped): ItemImage {
  const item = by(image.item, table.mappings);
  return item === image.item ? image : ItemImage.of(item);
}

/** An image of the source as it stands on the target; the same object where nothing of it is mapped. */
export const asOnTarget = <Image extends ItemImage | null>(
  ctx: Pick<WorkerContext, 'safeguards'>,
  table: Mapped,
  image: Image,
): Image => (image === null || !isOn(ctx, table) ? image : (changed(image, mapItem, table) as Image));

/** An image of the authority as it is to stand on the side that follows. */
export const asOnFollower = <Image extends ItemImage | null>(
  ctx: Pick<WorkerContext, 'safeguards'>,
  table: Mapped & Pick<WorkTable, 'authority'>,
  image: Image,
): Image => {
  if (image === null || !isOn(ctx, table)) return image;
  return changed(image, table.authority === 'source' ? mapItem : unmapItem, table) as Image;
};

/** Values of mapped attributes of an image of the source that go to the target as they are. */
export const valuesLeft = (ctx: Pick<WorkerContext, 'safeguards'>, table: Mapped, image: ItemImage): number =>
  isOn(ctx, table) ? leftIn(image.item, table.mappings) : 0;
