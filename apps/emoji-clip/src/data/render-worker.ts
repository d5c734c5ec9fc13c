/** Renders one designer in a process of its own: `render-worker.ts <designer id> <cache dir> <careful first>`. */
import { designerById } from './designers';
import { renderDesigner } from './render-designer';

const [id, cacheDir, carefulFirst] = process.argv.slice(2);
await renderDesigner(designerById(id!), cacheDir!, carefulFirst === 'true', (done, total) =>
  process.send?.({ done, total }),
);
