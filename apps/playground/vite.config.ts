import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { contentSecurityPolicy, headers } from './content-security-policy.ts';
import { licenses } from './licenses-plugin.ts';

/** The built page carries its policy in itself, and in `_headers` for hosts that read it. */
function securityPolicy(): Plugin {
  return {
    name: 'security-policy',
    apply: 'build', // the dev server puts styles and scripts inline
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
        injectTo: 'head-prepend',
      },
    ],
    generateBundle() {
      const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);
      this.emitFile({ type: 'asset', fileName: '_headers', source: `/*\n${lines.join('\n')}\n` });
    },
  };
}

const list = licenses();

/**
 * Exporting to ONNX, which nothing here calls, would leave 40 MB of a runtime's binaries behind, though its code is
 * shaken off.
 */
const rolldownOptions = { external: [/^onnxruntime-web/] };

export default defineConfig({
  root: import.meta.dirname,
  base: './', // any host serves it, from any path
  resolve: { conditions: ['crossmodal-source', ...defaultClientConditions] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  optimizeDeps: { entries: ['index.html', 'src/worker/*.ts', 'src/*/*-view.tsx'] },
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1', headers },
  worker: { format: 'es', plugins: () => [list.worker()], rolldownOptions },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // nothing as data:, which the policy refuses
    chunkSizeWarningLimit: 2000,
    rolldownOptions,
  },
  plugins: [
    securityPolicy(),
    list.page,
    VitePWA({
      registerType: 'autoUpdate',
      injectRegister: false, // main.tsx registers it: no inline script
      manifest: {
        id: './',
        start_url: './',
        scope: './',
        name: 'crossmodal playground',
        short_name: 'crossmodal',
        description: 'Search, train, draw and understand with multimodal models, on your own device.',
        display: 'standalone',
        background_color: '#f7f7f5',
        theme_color: '#2f4bd8',
        icons: [
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
      },
      workbox: {
        globPatterns: ['**/*'],
        globIgnores: ['_headers', 'sw.js', 'workbox-*.js'],
        maximumFileSizeToCacheInBytes: 128 * 2 ** 20,
        inlineWorkboxRuntime: true,
        cleanupOutdatedCaches: true,
      },
    }),
  ],
});
