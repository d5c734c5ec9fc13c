import './styles/tokens.css';
import './styles/base.css';
import { render } from 'preact';
import { App } from './app';
import { watchVersion } from './service-worker';

render(<App />, document.getElementById('app')!);
watchVersion();
