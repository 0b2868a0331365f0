// Builds the page into build/, which is not committed; ../shared/pack.mjs makes dist/ from it.
import { defineConfig } from 'vite';

import { licences } from '../shared/licences.mjs';

const told = {
  seen: new Set(),
  head: "What the operator's console of hiregraph bundles, and under which terms.\n",
};

export default defineConfig({
  // Relative, so that the page also works below a path prefix of a reverse proxy.
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir: 'build',
    assetsDir: 'assets/console',
    // The policy of the page admits files of its own origin and nothing inline.
    assetsInlineLimit: 0,
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [licences(told)],
});
