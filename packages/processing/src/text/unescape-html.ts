import { characterEntities } from 'character-entities';
import { characterEntitiesLegacy } from 'character-entities-legacy';

/** What 128 to 159 mean in Windows-1252 (Node's own decoder takes them for Latin-1). */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

/** Names that count without a semicolon. */
const legacyNames: ReadonlySet<string> = /* @__PURE__ */ new Set(characterEntitiesLegacy);

/**
 * Text with HTML's character references resolved as Python's `html.unescape` does: `&lt;`, `&#233;`, `&#xe9;`,
 * old names without their semicolon, Windows-1252 for 128 to 159; what is no reference stays.
 */
export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|([^\t\n\f <&#;]{1,32}(;?)))/gu,
    (reference: string, decimal?: string, hex?: string, name?: string, semicolon?: string) => {
      if (decimal !== undefined) return character(Number.parseInt(decimal, 10));
      if (hex !== undefined) return character(Number.parseInt(hex, 16));
      if (semicolon && Object.hasOwn(characterEntities, name!.slice(0, -1))) {
        return characterEntities[name!.slice(0, -1)]!;
      }
      for (let end = name!.length; end > 1; end--) {
        const prefix = name!.slice(0, end);
        if (legacyNames.has(prefix)) return characterEntities[prefix]! + name!.slice(end);
      }
      return reference;
    },
  );
}

function character(code: number): string {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  if (code === 0x0d) return '\r';
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252[code - 0x80]!;
  const control = (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0c) || code === 0x7f;
  const noncharacter = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
  return control || noncharacter ? '' : String.fromCodePoint(code);
}
