import { escapeHtml } from '@crossmodal/emoji-clip';

/** Counts [label][prediction] as a table, darker where more of a label's samples are. */
export function confusionHtml(
  title: string,
  labels: readonly string[],
  counts: readonly (readonly number[])[],
): string {
  const row = (label: string, values: readonly number[]) => {
    const total = Math.max(
      1,
      values.reduce((a, b) => a + b, 0),
    );
    const cells = values.map((count) => {
      const share = count / total;
      const ink = share > 0.6 ? '#fff' : '#222';
      return `<td style="background: rgba(42, 111, 219, ${share.toFixed(2)}); color: ${ink}">${count}</td>`;
    });
    return `<tr><td>${escapeHtml(label)}</td>${cells.join('')}</tr>`;
  };
  const head = labels.map((label) => `<th>${escapeHtml(label)}</th>`).join('');
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><table class="confusion">
<thead><tr><th>is \\ said</th>${head}</tr></thead><tbody>${counts.map((values, i) => row(labels[i]!, values)).join('')}</tbody></table></figure>`;
}
