import { describe, expect, it } from 'vitest';
import { contactSheetHtml } from './contact-sheet';
import { chartsHtml } from './curves';
import { escapeHtml, scriptJson, table } from './html';
import { pageHtml } from './page';

describe('the report', () => {
  it('lets no text become markup', () => {
    expect(escapeHtml(`<b> & "x" 'y'`)).toBe('&#60;b&#62; &#38; &#34;x&#34; &#39;y&#39;');
    expect(scriptJson('</script><script>')).not.toContain('</script>');
    expect(pageHtml('<i>', '')).toContain('<title>&#60;i&#62;</title>');
  });

  it('frames right and wrong answers, and says where the first right one is', () => {
    const html = contactSheetHtml([
      {
        caption: 'cat <face>',
        rank: 2,
        answers: [
          { caption: 'dog', picture: 'data:image/png;base64,AA==', right: false },
          { caption: 'cat', right: true },
        ],
      },
    ]);
    expect(html).toContain('cat &#60;face&#62;<small>first right answer: no. 2</small>');
    expect(html).toMatch(/card wrong"><img alt="" src="data:image\/png;base64,AA==">dog/);
    expect(html).toContain('card right">cat');
  });

  it('puts curves of different steps side by side', () => {
    const html = chartsHtml([
      {
        title: 'loss',
        curves: [
          {
            label: 'train',
            colour: '#000',
            points: [
              [1, 5],
              [2, 4],
              [3, 3],
            ],
          },
          { label: 'test', colour: '#00f', points: [[2, 4.5]] },
        ],
      },
    ]);
    expect(html).toContain('"columns":[[1,2,3],[5,4,3],[null,4.5,null]]');
    expect(html).not.toMatch(/(src|href)="http/);
  });

  it('makes tables', () => {
    expect(table(['a', 'b'], [['x', '1']])).toBe(
      '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>x</td><td>1</td></tr></tbody></table>',
    );
  });
});
