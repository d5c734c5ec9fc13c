import { escapeHtml } from './html';

/** A picture or a text among the answers, and whether it is a right one. */
export interface Answer {
  caption: string;
  /** `data:` URL of a picture; absent for a text. */
  picture?: string;
  right: boolean;
}

/** A question with its best answers, best first. */
export interface SheetRow {
  caption: string;
  picture?: string;
  /** Place of the first right answer, from 1; absent where none is known to be right. */
  rank?: number;
  answers: readonly Answer[];
}

/** Questions and their answers as rows of pictures: green frames are right answers, red ones wrong. */
export function contactSheetHtml(rows: readonly SheetRow[]): string {
  return `<div class="sheet">${rows.map(rowHtml).join('\n')}</div>`;
}

/** Style of a contact sheet, for a page's head. */
export const CONTACT_SHEET_STYLE = `
.sheet { display: grid; gap: 6px; }
.sheet .row { display: flex; gap: 8px; align-items: stretch; flex-wrap: wrap; }
.sheet .card { width: 104px; padding: 6px; border: 2px solid #ddd; border-radius: 8px; text-align: center; font-size: 11px; overflow-wrap: anywhere; }
.sheet .card img { width: 64px; height: 64px; display: block; margin: 0 auto 4px; }
.sheet .question { border-color: transparent; background: color-mix(in srgb, currentColor 7%, transparent); font-weight: 600; width: 150px; font-size: 13px; }
.sheet .right { border-color: #2e9e4f; }
.sheet .wrong { border-color: #d9534f; }
.sheet .none { border-color: #8a8a8a; }
.sheet small { display: block; font-weight: 400; opacity: 0.7; }`;

function rowHtml({ caption, picture, rank, answers }: SheetRow): string {
  const place =
    rank === undefined ? '' : `<small>first right answer: ${rank === 1 ? '1st' : `no. ${rank}`}</small>`;
  const cards = answers.map((answer) => {
    const kind = rank === undefined ? 'none' : answer.right ? 'right' : 'wrong';
    return `<div class="card ${kind}">${img(answer.picture)}${escapeHtml(answer.caption)}</div>`;
  });
  return `<div class="row"><div class="card question">${img(picture)}${escapeHtml(caption)}${place}</div>${cards.join('')}</div>`;
}

function img(source: string | undefined): string {
  return source === undefined ? '' : `<img alt="" src="${escapeHtml(source)}">`;
}
