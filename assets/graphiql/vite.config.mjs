// Builds the page into build/, which is not committed; pack.mjs makes dist/ from it.
import { defineConfig } from 'vite';

import { licences } from './licences.mjs';

// One set for the page and its workers, each of which rollup bundles on its own.
const seen = new Set();

export default defineConfig({
  // Relative, so that the page also works below a path prefix of a reverse proxy.
  base: './',
  esbuild: { jsx: 'automatic', legalComments: 'none' },
  build: {
    outDir: 'build',
    assetsDir: 'assets/graphiql',
    emptyOutDir: true,
    target: 'es2022',
    // The preload helper injects nothing useful here: there is one chunk worth preloading, and index.html names it.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000,
    reportCompressedSize: false,
  },
  plugins: [licences(seen)],
  worker: { format: 'es', plugins: () => [licences(seen)] },
});
