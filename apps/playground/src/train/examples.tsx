import { t } from '../i18n/t';
import { Pixels } from './pixels';
import type { RunOverview } from './run-types';

/** Held-out pictures with what the model takes them for now. */
export function Examples({ run: { examples, log } }: { run: RunOverview }) {
  const step = log.evaluations.at(-1)?.step ?? 0;
  return (
    <section class="card train-examples" aria-labelledby="train-examples">
      <h3 id="train-examples">{t('train.examples')}</h3>
      <p class="train-soft">{t('train.examplesAbout', { step })}</p>
      {/* biome-ignore lint/a11y/noRedundantRoles: Safari forgets that a list without bullets is one. */}
      <ul class="example-list" role="list">
        {examples.map(({ pixels, name }, i) => (
          <li key={i} class="example">
            <Pixels pixels={pixels} />
            <div class="example-words">
              {name}
              <ol>
                {log.guesses[i]?.map((guess, place) => (
                  <li key={place} class={guess.right ? 'example-right' : ''}>
                    {guess.name}
                    {guess.right && ` ✓ ${t('train.right')}`}
                  </li>
                ))}
              </ol>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
