import { useEffect } from 'preact/hooks';
import './styles/app.css';
import { EngineStatus } from './engine-status';
import { t } from './i18n/t';
import { LazyView, type Loader } from './lazy-view';
import { Licenses } from './licenses';
import { NoticesArea } from './notices-area';
import { language, theme } from './settings';
import { TabBar, TabPanels } from './tab-bar';
import { followAddress, type Tab } from './tabs';
import { Select } from './ui/select';

const VIEWS: Readonly<Record<Tab, Loader>> = {
  search: async () => (await import('./search/search-view')).SearchView,
  train: async () => (await import('./train/train-view')).TrainView,
  draw: async () => (await import('./draw/draw-view')).DrawView,
  understand: async () => (await import('./understand/understand-view')).UnderstandView,
};

/** The page: what is around the four tabs. */
export function App() {
  useEffect(followAddress, []);
  const name = t('shell.name');
  useEffect(() => {
    document.title = name;
  }, [name]);
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        {t('shell.skip')}
      </button>
      <header>
        <div class="top">
          <div class="brand">
            <img src="./icon.svg" alt="" width="36" height="36" />
            <div>
              <h1>{name}</h1>
              <p>{t('shell.tagline')}</p>
            </div>
          </div>
          <div class="settings">
            <EngineStatus />
            <Select
              label={t('shell.language')}
              hideLabel
              value={language.value}
              options={[
                ['en', 'English'],
                ['zh', '中文'],
              ]}
              onChange={(value) => {
                language.value = value;
              }}
            />
            <Select
              label={t('shell.theme')}
              hideLabel
              value={theme.value}
              options={[
                ['system', t('shell.themeSystem')],
                ['light', t('shell.themeLight')],
                ['dark', t('shell.themeDark')],
              ]}
              onChange={(value) => {
                theme.value = value;
              }}
            />
          </div>
        </div>
        <TabBar />
      </header>
      <main id="content" tabIndex={-1}>
        <NoticesArea />
        <TabPanels>{(name) => <LazyView load={VIEWS[name]} />}</TabPanels>
      </main>
      <footer class="bottom">
        <p>
          {t('shell.privacy')} {t('shell.offline')}
        </p>
        <Licenses />
      </footer>
    </>
  );
}

/** By the keyboard past what is the same in every tab. No link: the address's hash is the tab's. */
function skip(): void {
  document.getElementById('content')?.focus();
}
