import { effect, signal } from '@preact/signals';

export const TABS = ['search', 'train', 'draw', 'understand'] as const;
export type Tab = (typeof TABS)[number];

/** The tab in view, as the address of the page has it: `#draw`. */
export const tab = signal<Tab>(fromAddress() ?? 'search');

/** Makes the address follow the tab and the tab the address. */
export function followAddress(): () => void {
  const toTab = () => {
    tab.value = fromAddress() ?? tab.value;
  };
  addEventListener('hashchange', toTab);
  const dispose = effect(() => {
    if (fromAddress() !== tab.value) history.replaceState(null, '', `#${tab.value}`);
  });
  return () => {
    removeEventListener('hashchange', toTab);
    dispose();
  };
}

function fromAddress(): Tab | undefined {
  return TABS.find((name) => location.hash === `#${name}`);
}
