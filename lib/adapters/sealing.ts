import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { err, ok, type Result } from '@/lib/domain/result';

/**
 * Sealing of secrets and images at rest: AES-256-GCM with a random 96-bit nonce. The purpose is authenticated, so a text
 * sealed for one column cannot be pasted into another. Form: `v1.<nonce>.<text>.<tag>`, parts in base64url.
 */
export const SEAL_VERSION = 'v1';
export const SEALED_BYTES_MAX = 4 * 1024 * 1024;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `connection`, `gateway_key`, `image` … : what the text is for. Opening needs the same. */
export type SealPurpose = string;
export type SealFault = 'malformed' | 'version' | 'refused';

export interface Sealer {
  seal(plain: string, purpose: SealPurpose): string;
  /** `refused`: another key, another purpose, or changed bytes; which of them cannot be known. */
  open(sealed: string, purpose: SealPurpose): Result<string, SealFault>;
}

/** 32 bytes as 64 hex digits or base64; null where the text is neither. The key itself never stands in a message. */
export function parseSealingKey(text: string): Buffer | null {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return null;
  const key = Buffer.from(trimmed, 'base64');
  return key.length === 32 ? key : null;
}

/** Throws where the key is no 32 bytes: the configuration has checked it before. */
export function createSealer(sealingKey: string): Sealer {
  const key = parseSealingKey(sealingKey);
  if (key === null) throw new Error('the sealing key must be 32 bytes in hex or base64');
  return {
    seal: (plain, purpose) => seal(key, { plain, purpose }),
    open: (sealed, purpose) => open(key, { sealed, purpose }),
  };
}

function seal(key: Buffer, { plain, purpose }: { plain: string; purpose: string }): string {
  const text = Buffer.from(plain, 'utf8');
  if (text.length > SEALED_BYTES_MAX) throw new Error(`at most ${SEALED_BYTES_MAX} bytes are sealed`);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated(purpose));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return [SEAL_VERSION, ...[nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

function open(key: Buffer, { sealed, purpose }: { sealed: string; purpose: string }): Result<string, SealFault> {
  const parts = sealed.split('.');
  if (parts.length !== 4) return err('malformed');
  if (parts[0] !== SEAL_VERSION) return err('version');
  const [nonce, text, tag] = parts.slice(1).map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer, Buffer];
  if (nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) return err('malformed');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated(purpose));
    decipher.setAuthTag(tag);
    return ok(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8'));
  } catch {
    return err('refused');
  }
}

const associated = (purpose: string): Buffer => Buffer.from(`landfall.${SEAL_VERSION}.${purpose}`, 'utf8');
