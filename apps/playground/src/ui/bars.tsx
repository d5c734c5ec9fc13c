import './bars.css';

export interface Bar {
  name: string;
  /** Of 1; below 0 it is drawn in the other colour. */
  share: number;
  /** The value as it is shown. */
  text: string;
}

/** Shares as bars with their names; the greatest stands out. */
export function Bars({ label, bars }: { label: string; bars: readonly Bar[] }) {
  const best = Math.max(...bars.map(({ share }) => share));
  return (
    <ul class="bars" aria-label={label}>
      {bars.map(({ name, share, text }, i) => (
        <li key={i} class={share === best ? 'bar bar-best' : 'bar'}>
          <span
            class={share < 0 ? 'bar-fill bar-against' : 'bar-fill'}
            style={{ inlineSize: `${Math.min(100, 100 * Math.abs(share))}%` }}
          />
          <span class="bar-name">{name}</span>
          <span class="bar-value">{text}</span>
        </li>
      ))}
    </ul>
  );
}
