/** A caption of a picture's file. */
export interface FileCaption {
  file: string;
  caption: string;
}

/** Longest caption, in characters: what is more is cut away. */
export const LONGEST_CAPTION = 500;
const MOST_ROWS = 100_000;

/** Names of files with captions inside. */
export const isCaptionFile = (name: string): boolean => /\.(csv|tsv|jsonl|ndjson)$/i.test(name);

/**
 * Pairs of a CSV, TSV or JSONL file. A table may begin with a line of names (`file,caption`, in any order, among
 * others); without, its first column is the file and its second the caption. Lines that hold no pair are passed over.
 *
 * @param name Tells the kind by its ending.
 */
export function readCaptions(name: string, text: string): FileCaption[] {
  const pairs = /\.(jsonl|ndjson)$/i.test(name)
    ? jsonLines(text)
    : table(rows(text.replace(/^\ufeff/, ''), /\.tsv$/i.test(name) ? '\t' : separatorOf(text)));
  return pairs.map(({ file, caption }) => ({ file: file.trim(), caption: tidyCaption(caption) }));
}

/** A caption as it is kept: one line, no control characters, not endless. */
export function tidyCaption(text: string): string {
  const plain = text
    .slice(0, 4 * LONGEST_CAPTION)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return Array.from(plain).slice(0, LONGEST_CAPTION).join('');
}

const FILE_NAMES = ['file', 'filename', 'file_name', 'image', 'filepath', 'path', 'picture'];
const CAPTION_NAMES = ['caption', 'text', 'title', 'description', 'label'];

function* jsonObjects(text: string): Iterable<Record<string, unknown>> {
  for (const line of text.split('\n', MOST_ROWS)) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null) yield value as Record<string, unknown>;
    } catch {
      // No pair.
    }
  }
}

function jsonLines(text: string): FileCaption[] {
  const pairs: FileCaption[] = [];
  for (const value of jsonObjects(text)) {
    const find = (names: string[]) => names.map((name) => value[name]).find((one) => typeof one === 'string');
    const [file, caption] = [find(FILE_NAMES), find(CAPTION_NAMES)];
    if (typeof file === 'string' && typeof caption === 'string') pairs.push({ file, caption });
  }
  return pairs;
}

/** A comma, unless the first line has semicolons alone (as spreadsheets write where a comma is in numbers) or tabs. */
function separatorOf(text: string): string {
  const first = text.split('\n', 1)[0]!;
  return [',', '\t', ';'].find((separator) => first.includes(separator)) ?? ',';
}

function table(lines: string[][]): FileCaption[] {
  const header = lines[0]?.map((cell) => cell.trim().toLowerCase()) ?? [];
  const column = (names: string[]) => header.findIndex((cell) => names.includes(cell));
  let [file, caption] = [column(FILE_NAMES), column(CAPTION_NAMES)];
  const hasHeader = file >= 0 && caption >= 0;
  if (!hasHeader) [file, caption] = [0, 1];
  return lines
    .slice(hasHeader ? 1 : 0)
    .filter((cells) => cells[file] !== undefined && cells[caption] !== undefined)
    .map((cells) => ({ file: cells[file]!, caption: cells[caption]! }));
}

/** RFC 4180: a cell in quotes may hold separators, line ends and doubled quotes. */
function rows(text: string, separator: string): string[][] {
  const found: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < text.length && found.length < MOST_ROWS) {
    let cell: string;
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else cell = '';
    let end = at;
    while (end < text.length && text[end] !== separator && text[end] !== '\n') end++;
    cells.push(cell + text.slice(at, end).replace(/\r$/, ''));
    at = end + 1;
    if (end < text.length && text[end] === separator) {
      if (at >= text.length) cells.push('');
      else continue;
    }
    if (cells.some((one) => one !== '')) found.push(cells);
    cells = [];
  }
  if (cells.length > 0) found.push(cells);
  return found;
}

function closingQuote(text: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    if (text[at + 1] !== '"') return at;
  }
}
