import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { t } from './i18n/t';
import { TABS, type Tab, tab } from './tabs';

const MOVES: Readonly<Record<string, (at: number) => number>> = {
  ArrowRight: (at) => at + 1,
  ArrowLeft: (at) => at - 1,
  Home: () => 0,
  End: () => -1,
};

/** The four tabs, by the tabs pattern of ARIA: arrow keys, Home and End move between them. */
export function TabBar() {
  const bar = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const to = MOVES[event.key];
    if (!to) return;
    event.preventDefault();
    tab.value = TABS.at(to(TABS.indexOf(tab.value)) % TABS.length)!;
    bar.current?.querySelector<HTMLElement>(`#tab-${tab.value}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t('shell.tabs')} onKeyDown={move} ref={bar}>
      {TABS.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={tab.value === name}
          aria-controls={`panel-${name}`}
          tabIndex={tab.value === name ? 0 : -1}
          onClick={() => {
            tab.value = name;
          }}
        >
          {t(`shell.${name}`)}
        </button>
      ))}
    </div>
  );
}

/** The tabs' views. One that was in view once stays, hidden: its work goes on. */
export function TabPanels({ children }: { children: (name: Tab) => ComponentChildren }) {
  const seen = useRef(new Set<Tab>());
  seen.current.add(tab.value);
  return (
    <>
      {TABS.map((name) => (
        <section
          key={name}
          role="tabpanel"
          id={`panel-${name}`}
          aria-labelledby={`tab-${name}`}
          hidden={tab.value !== name}
        >
          {seen.current.has(name) && children(name)}
        </section>
      ))}
    </>
  );
}
