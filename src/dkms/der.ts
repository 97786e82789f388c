/** One element of DER, the encoding of certificates and signatures (ITU-T X.690). */
export interface DerElement {
  readonly tag: number;
  /** A view, not a copy. */
  readonly content: Uint8Array;
}

/** The tags that signatures are made of. */
export const derTags = {
  integer: 0x02,
  oid: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** [0], primitive and constructed. */
  context0: 0x80,
  context0Constructed: 0xa0,
} as const;

/**
 * The elements that stand in `bytes` one behind the other. Ends at the first that is malformed or reaches beyond the
 * end, and after 64, which is more than any signature has in one place.
 */
export function readDer(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (elements.length < 64) {
    const header = readHeader(bytes, at);
    if (!header || header.end > bytes.length) break;
    elements.push({ tag: header.tag, content: bytes.subarray(header.start, header.end) });
    at = header.end;
  }
  return elements;
}

/** The elements of a constructed element; none of one that is not there. */
export function insideDer(element: DerElement | undefined): readonly DerElement[] {
  return element ? readDer(element.content) : [];
}

/** `undefined` at the end, and for what DER does not allow or we never meet: long tags, indefinite or huge lengths. */
function readHeader(bytes: Uint8Array, at: number): { tag: number; start: number; end: number } | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first };
  const lengthBytes = bytes.subarray(at + 2, at + 2 + (first & 0x7f));
  if (first === 0x80 || first > 0x84 || lengthBytes.length < (first & 0x7f)) return undefined;
  const length = lengthBytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const start = at + 2 + lengthBytes.length;
  return { tag, start, end: start + length };
}
