// Downloads a repository in a process of its own: download-process.ts <endpoint> <cacheDir>.
import { downloadSnapshot } from '../src/index';

const [endpoint, cacheDir] = process.argv.slice(2) as [string, string];
console.log(await downloadSnapshot('org/name', { endpoint, cacheDir, token: false, progress: false }));
